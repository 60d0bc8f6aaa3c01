import type { ApiKeyId } from '../../domain/ids.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { EngineDeps } from '../deps.ts';

/** When a key was last noted as used; changed in place. */
export interface KeyUse {
  readonly id: ApiKeyId;
  notedAt: EpochMs | null;
}

/** Notes when keys were last used: each at most once a minute, and nobody waits for it. */
export interface KeyUses {
  note(use: KeyUse, now: EpochMs): void;
  /** Resolves when all that was noted is written, or was given up. */
  settled(): Promise<void>;
}

const NOTE_EVERY_MS = 60_000;

export function createKeyUses({ store, log }: Pick<EngineDeps, 'store' | 'log'>): KeyUses {
  const writes = new Set<Promise<void>>();

  async function write({ id }: KeyUse, now: EpochMs): Promise<void> {
    try {
      await store.apiKeys.markUsed(id, now);
    } catch (error) {
      // A full disk, say: the request that it is about is answered all the same.
      log.warn('the use of an API key was not noted', { apiKeyId: id, error });
    }
  }

  return {
    note(use, now) {
      // Also when the clock was set back.
      if (use.notedAt !== null && Math.abs(now - use.notedAt) < NOTE_EVERY_MS) return;
      use.notedAt = now;
      const writing: Promise<void> = write(use, now).finally(() => writes.delete(writing));
      writes.add(writing);
    },
    settled: async () => void (await Promise.all(writes)),
  };
}
