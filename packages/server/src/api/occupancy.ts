import type { ApiLimits } from './limits.ts';
import { createOpenCount, type OpenCount } from './open-count.ts';
import { createReaderCount, type ReaderCount } from './realtime/event-readers.ts';
import { createStreamCount, type StreamCount } from './stream-count.ts';

/** What is open at a time and has bounds. One for the whole server: it counts whichever listener and face something came by. */
export interface Occupancy {
  /** By the addresses that they come from. */
  readonly connections: OpenCount;
  readonly streams: StreamCount;
  readonly eventReaders: ReaderCount;
  readonly logReaders: ReaderCount;
}

type Bounds = Pick<
  ApiLimits,
  | ('connections' | 'addressConnections' | 'streams' | 'callerStreams')
  | ('eventReaders' | 'callerEventReaders' | 'logReaders' | 'callerLogReaders')
>;

export function createOccupancy(limits: Bounds): Occupancy {
  return {
    connections: createOpenCount({ total: limits.connections, own: limits.addressConnections }),
    streams: createStreamCount(limits),
    eventReaders: createReaderCount({ total: limits.eventReaders, own: limits.callerEventReaders }),
    logReaders: createReaderCount({ total: limits.logReaders, own: limits.callerLogReaders }),
  };
}
