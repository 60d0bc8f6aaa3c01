import { toVolaryError } from '../../domain/errors.ts';
import type { EngineDeps } from '../deps.ts';

/** How long an answer counts: whoever asks all the time does not keep the database busy. */
const FRESH_MS = 500;
/** How long it may take. */
const PATIENCE_MS = 2_000;

export interface DatabaseProbe {
  /** A sentence while the database takes no changes, else null. */
  why(): Promise<string | null>;
}

/**
 * Begins a transaction that changes nothing, and ends it: that takes the lock that each change takes, and writes nothing. Never two at
 * the same time.
 */
export function createDatabaseProbe({ store, clock }: Pick<EngineDeps, 'store' | 'clock'>): DatabaseProbe {
  let asked: Promise<string | null> | null = null;
  let answer: { readonly why: string | null; readonly atMs: number } | null = null;

  async function ask(): Promise<string | null> {
    const why = await store.transaction(async () => null).catch(describe);
    answer = { why, atMs: clock.monotonicMs() };
    asked = null;
    return why;
  }

  return {
    async why() {
      if (answer !== null && clock.monotonicMs() - answer.atMs < FRESH_MS) return answer.why;
      asked ??= ask();
      const answered = new AbortController();
      const late = clock.sleep(PATIENCE_MS, { signal: answered.signal }).then(
        () => `The database has not answered for ${PATIENCE_MS / 1_000} seconds.`,
        // The answer has come.
        () => null,
      );
      try {
        return await Promise.race([asked, late]);
      } finally {
        answered.abort();
        await late;
      }
    },
  };
}

function describe(error: unknown): string {
  return `The database takes no changes: ${toVolaryError(error).message}`;
}
