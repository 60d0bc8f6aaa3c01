import type { EventEmitter } from 'node:events';
import { VolaryError } from '../domain/errors.ts';
import type { ApiLimits } from './limits.ts';

/** How many requests are under way that may last: those to routes that answer with streams, and sockets. */
export interface StreamCount {
  /** Counts one more of this caller, until `closed` closes. Throws `resource_exhausted` request.too_many_streams. */
  enter(caller: string, closed: EventEmitter): void;
}

export function createStreamCount(limits: Pick<ApiLimits, 'streams' | 'callerStreams'>): StreamCount {
  const byCaller = new Map<string, number>();
  let total = 0;
  return {
    enter(caller, closed) {
      const own = byCaller.get(caller) ?? 0;
      if (total >= limits.streams) throw tooMany(limits.streams, 'are served');
      if (own >= limits.callerStreams) throw tooMany(limits.callerStreams, 'are yours');
      total += 1;
      byCaller.set(caller, own + 1);
      closed.once('close', () => {
        total -= 1;
        const left = (byCaller.get(caller) ?? 1) - 1;
        if (left === 0) byCaller.delete(caller);
        else byCaller.set(caller, left);
      });
    },
  };
}

function tooMany(maximum: number, whose: string): VolaryError {
  return new VolaryError('resource_exhausted', `${maximum} streams ${whose} already; end one of them first.`, {
    reason: 'request.too_many_streams',
    details: { maximum },
  });
}
