import type { Stream } from 'node:stream';
import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { callerOf } from '../caller.ts';
import { createOpenCount } from '../open-count.ts';
import { clientGone } from '../request-signals.ts';

/** How many follow events, or lines of the log, at the same time. */
export interface ReaderCount {
  /**
   * Counts one more of this caller until its connection is closed, or the returned function is called. Throws `resource_exhausted` events.too_many_readers,
   * and as `clientGone` where it is closed already.
   */
  enter(principal: Principal, connection: Stream & { readonly destroyed: boolean }): () => void;
}

export function createReaderCount(maxima: { readonly total: number; readonly own: number }): ReaderCount {
  const count = createOpenCount(maxima);
  return {
    enter(principal, connection) {
      if (connection.destroyed) throw clientGone();
      const entry = count.enter(callerOf(principal, null));
      if (entry.isIn) {
        const leave = (): void => {
          connection.off('close', leave);
          entry.leave();
        };
        connection.once('close', leave);
        return leave;
      }
      const { bound, maximum } = entry;
      const whose = bound === 'total' ? 'follow' : 'of yours follow';
      throw new VolaryError('resource_exhausted', `${maximum} ${whose} already; no more are served.`, {
        reason: 'events.too_many_readers',
        details: { maximum },
      });
    },
  };
}
