import type { BuildProgress } from '../../../ports/image-source.ts';

/** Of the whole, as far as the file is there and verified; the rest is conversion. */
const SHARES = { file: 0.6, disk: 0.4 } as const;

export interface ImportProgress {
  /** `fraction`: of this part alone. */
  tell(part: keyof typeof SHARES, progress: BuildProgress): void;
  /** The file is there and verified. */
  endFile(): void;
}

/** Tells of an import whose parts go on at the same time as of one thing, which never goes back. */
export function createImportProgress(onProgress: (progress: BuildProgress) => void): ImportProgress {
  const done = { file: 0, disk: 0 };
  return {
    tell(part, progress) {
      if (progress.fraction !== null) done[part] = Math.max(done[part], progress.fraction);
      const fraction = progress.fraction === null ? null : SHARES.file * done.file + SHARES.disk * done.disk;
      onProgress({ ...progress, fraction });
    },
    endFile() {
      done.file = 1;
    },
  };
}
