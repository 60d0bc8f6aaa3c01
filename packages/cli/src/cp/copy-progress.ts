import { formatBytes } from '../output/format.ts';
import type { Stage } from '../output/progress.ts';

/** Counts what was copied, and shows it. */
export interface CopyProgress {
  /** The chunks, counted as they pass. */
  count(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  fileDone(): void;
  /** What was copied so far. */
  total(): { readonly files: number; readonly bytes: number };
  /** The same for people: `3 files, 1.2 MiB`. */
  summary(): string;
}

/** @param totalBytes null where nobody can tell. */
export function createCopyProgress(stage: Stage | null, totalBytes: number | null): CopyProgress {
  let bytes = 0;
  let files = 0;
  const summary = () => `${files === 1 ? '1 file' : `${files} files`}, ${formatBytes(bytes)}`;
  return {
    count: async function* (chunks) {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        const fraction = totalBytes === null || totalBytes === 0 ? null : Math.min(1, bytes / totalBytes);
        // A new message is a new line where there is no terminal: there the bytes alone change, and are not told.
        stage?.update({
          fraction,
          message: fraction === null ? formatBytes(bytes) : `of ${formatBytes(totalBytes ?? 0)}`,
        });
        yield chunk;
      }
    },
    fileDone: () => {
      files += 1;
    },
    total: () => ({ files, bytes }),
    summary,
  };
}
