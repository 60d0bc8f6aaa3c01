import { VolaryError } from '../../domain/errors.ts';

/** How many follow events at the same time. */
export interface ReaderCount {
  /** Counts one more; the returned function counts it off, once. Throws `resource_exhausted` events.too_many_readers. */
  enter(): () => void;
}

export function createReaderCount(maximum: number): ReaderCount {
  let count = 0;
  return {
    enter() {
      if (count >= maximum) {
        throw new VolaryError('resource_exhausted', `${maximum} follow events already; no more are served.`, {
          reason: 'events.too_many_readers',
          details: { maximum },
        });
      }
      count += 1;
      let isIn = true;
      return () => {
        if (isIn) count -= 1;
        isIn = false;
      };
    },
  };
}
