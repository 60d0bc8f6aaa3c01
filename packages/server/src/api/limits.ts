import { LIMITS } from '@volary/contract';

/** Bounds of what one request may do. */
export interface ApiLimits {
  /** Of a JSON body, bytes. */
  readonly jsonBytes: number;
  /** How deep arrays and objects of a JSON body may be nested. */
  readonly jsonDepth: number;
  /** How long a JSON body may take to arrive, and the longest pause within a streamed one. */
  readonly bodyMs: number;
  /** How often a silent stream shows that it is alive. */
  readonly heartbeatMs: number;
  /** How long a server that stops lets requests that do not end by themselves go on. */
  readonly stopMs: number;
  /** Streams and sockets of events at a time. */
  readonly eventReaders: number;
  /** How long a stream or socket of events may wait for its reader to take what was sent. */
  readonly slowReaderMs: number;
  /** Bytes that may wait for the reader of an event socket. */
  readonly socketBufferBytes: number;
  /** How long a socket or stream of events that we end may take for what was sent to it before. */
  readonly goodbyeMs: number;
}

/** What holds unless the composition root says otherwise. */
export const API_DEFAULTS: ApiLimits = {
  jsonBytes: LIMITS.jsonBytes,
  jsonDepth: LIMITS.jsonDepth,
  bodyMs: 60_000,
  heartbeatMs: 15_000,
  stopMs: 5_000,
  eventReaders: 4_096,
  slowReaderMs: 60_000,
  socketBufferBytes: 4 * 1024 * 1024,
  goodbyeMs: 2_000,
};
