import type { AnyImage } from '../../domain/image/image.ts';
import type { BuildProgress } from '../../ports/image-source.ts';

export interface JoinOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BuildProgress) => void;
}

/** One build that several callers wait for; it is cancelled when the last of them has gone. */
export interface SharedBuild {
  /** Settles when nothing of the build runs any more. */
  readonly ended: Promise<unknown>;
  /** False once it has been cancelled: nobody may join it then. */
  isOpen(): boolean;
  /** The image; throws the build's error, or this caller's signal's reason. Whoever comes late is told at once how far it is. */
  join(options: JoinOptions): Promise<AnyImage>;
}

/** Begins the build at once. */
export function createSharedBuild(
  build: (signal: AbortSignal, onProgress: (progress: BuildProgress) => void) => Promise<AnyImage>,
): SharedBuild {
  const cancel = new AbortController();
  const listeners = new Set<(progress: BuildProgress) => void>();
  let waiting = 0;
  let latest: BuildProgress | null = null;
  const result = build(cancel.signal, (progress) => {
    latest = progress;
    for (const listener of listeners) listener(progress);
  });
  const ended = result.catch(() => undefined);

  return {
    ended,
    isOpen: () => !cancel.signal.aborted,
    async join({ signal, onProgress }) {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      const leave = (): void => aborted.reject(signal.reason);
      // Two callers may pass one function: each gets its own entry.
      const listener = (progress: BuildProgress): void => onProgress(progress);
      signal.addEventListener('abort', leave, { once: true });
      listeners.add(listener);
      if (latest !== null) listener(latest);
      waiting += 1;
      try {
        return await Promise.race([result, aborted.promise]);
      } finally {
        signal.removeEventListener('abort', leave);
        listeners.delete(listener);
        waiting -= 1;
        if (waiting === 0 && signal.aborted) {
          cancel.abort(signal.reason);
          await ended;
        }
      }
    },
  };
}
