import type { EventEmitter } from 'node:events';
import { VolaryError } from '../domain/errors.ts';
import type { ApiLimits } from './limits.ts';
import { createOpenCount, type Entry } from './open-count.ts';

/** How many requests are under way that may last: those to routes that answer with streams, and sockets. */
export interface StreamCount {
  /** Counts one more of this caller, until `closed` closes. Throws `resource_exhausted` request.too_many_streams. */
  enter(caller: string, closed: EventEmitter): void;
  /** What was counted for whom nobody knew is this caller's. Throws likewise, and then it is not. */
  handOver(closed: EventEmitter, caller: string): void;
}

export function createStreamCount(limits: Pick<ApiLimits, 'streams' | 'callerStreams'>): StreamCount {
  const count = createOpenCount({ total: limits.streams, own: limits.callerStreams });
  const entries = new WeakMap<EventEmitter, Entry>();

  function enter(caller: string, closed: EventEmitter): void {
    const entry = count.enter(caller);
    if (!entry.isIn) throw tooMany(entry);
    entries.set(closed, entry);
    closed.once('close', () => {
      entry.leave();
      entries.delete(closed);
    });
  }

  return {
    enter,
    handOver(closed, caller) {
      const former = entries.get(closed);
      // One that has closed meanwhile is counted off.
      if (former === undefined) return;
      former.leave();
      enter(caller, closed);
    },
  };
}

function tooMany({ bound, maximum }: { readonly bound: 'total' | 'own'; readonly maximum: number }): VolaryError {
  const whose = bound === 'total' ? 'are served' : 'are yours';
  return new VolaryError('resource_exhausted', `${maximum} streams ${whose} already; end one of them first.`, {
    reason: 'request.too_many_streams',
    details: { maximum },
  });
}
