import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { integer, listOf, record, text } from '../../lib/shape.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import { damagedIfUnreadable, readFacts, valueIn } from '../shared/read-facts.ts';
import type { VersionSource } from './version-source.ts';

/** How long what a source has said of its versions is believed, milliseconds. */
const BELIEVED_MS = 24 * 3_600_000;
const KEPT = record({ at: integer(0), versions: listOf(text) });

/** The versions of one source, as it said when it was last asked; it is asked once a day. */
export interface VersionIndex {
  /** `isFresh`: asked for now, whatever is known. When the source does not answer, what it said before holds. */
  versions(options: Abortable & { readonly isFresh?: boolean }): Promise<readonly string[]>;
}

/** Kept in `directory` under this key, so that a server that starts need not ask. */
export function createVersionIndex(
  source: VersionSource,
  { directory, key, now }: { readonly directory: string; readonly key: string; readonly now: () => number },
): VersionIndex {
  const path = join(directory, `${key}.json`);

  return {
    async versions({ signal, isFresh = false }) {
      // It is but a memory: where it is damaged, or cannot be read, the source is asked.
      const kept = valueIn(await readFacts(path, KEPT).catch(damagedIfUnreadable));
      const age = kept === null ? Number.POSITIVE_INFINITY : now() - kept.at;
      if (kept !== null && !isFresh && age >= 0 && age < BELIEVED_MS) return kept.versions;
      try {
        const versions = await source.versions({ signal });
        await mkdir(directory, { recursive: true, mode: 0o755 });
        await keep(path, `${JSON.stringify({ at: now(), versions })}\n`);
        return versions;
      } catch (error) {
        signal.throwIfAborted();
        if (kept === null) throw error;
        return kept.versions;
      }
    },
  };
}

/** Several servers may share the cache, and several requests one server: each has a name of its own for what is half written. */
async function keep(path: string, content: string): Promise<void> {
  const part = `${path}.${randomUUID()}`;
  await writeFile(part, content, { mode: 0o644 });
  await rename(part, path);
}
