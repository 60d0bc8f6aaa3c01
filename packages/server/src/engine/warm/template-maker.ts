/**
 * Makes and removes warm templates, whoever asks for it: one is made at a time, since each takes a machine's memory, and
 * afterwards those go that were used longest ago, as far as there is too much.
 */
import type { DiskSpec, WarmTemplate } from '../../ports/driver.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { SparePool } from './spare-pool.ts';

export interface Making extends Abortable {
  /** Asked when its turn has come and there is none yet: whether there is room for it. What it throws is thrown. */
  readonly admit: () => Promise<boolean>;
  readonly onProgress?: (message: string) => void;
}

export interface TemplateMaker {
  /** The one for machines like this, made unless it is there; null: it was not admitted. Throws as `WarmTemplates.build`. */
  make(like: DiskSpec, making: Making): Promise<WarmTemplate | null>;
  /** Removes it; machines that were made of it for VMs which are to come end. Absent is fine. */
  remove(key: string): Promise<void>;
}

type MakerDeps = Pick<EngineDeps, 'driver' | 'images' | 'log'> & {
  readonly config: EngineConfig;
  readonly pool: Pick<SparePool, 'drop' | 'wake'>;
};

export function createTemplateMaker({ driver: { warm }, images, log, config, pool }: MakerDeps): TemplateMaker {
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work, work);
    last = result.catch(() => undefined);
    return result;
  }

  async function remove(key: string): Promise<void> {
    await warm?.remove(key);
    // After that, so that none is made of it meanwhile.
    await pool.drop((spare) => spare.key === key);
  }

  /** Removes what no image is there for any more, and what was used longest ago as long as there is too much. */
  async function prune(newest: WarmTemplate): Promise<void> {
    const digests = new Set((await images.list()).map(({ digest }) => digest));
    const byUse = [...((await warm?.list()) ?? [])].sort((a, b) => b.usedAt - a.usedAt);
    let bytes = 0;
    for (const { key, imageDigest, sizeBytes } of byUse) {
      bytes += sizeBytes;
      const isKept = key === newest.key || (digests.has(imageDigest) && bytes <= config.warm.maxBytes);
      if (!isKept) await remove(key);
    }
  }

  return {
    remove,
    make: (like, { admit, signal, onProgress }) =>
      inTurn(async () => {
        signal.throwIfAborted();
        const present = (await warm?.find(like, { signal })) ?? null;
        if (warm === null || present !== null || !(await admit())) return present;
        const template = await warm.build(like, { signal, ...(onProgress === undefined ? {} : { onProgress }) });
        const { key, haltedMs, sizeBytes: bytes } = template;
        log.info('a warm template was made', { key, haltedMs, bytes });
        await prune(template);
        pool.wake();
        return template;
      }),
  };
}
