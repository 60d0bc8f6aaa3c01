import { LIMITS } from '@volary/contract';

/** Bounds of what one request may do. */
export interface ApiLimits {
  /** Connections at a time, and those of one address; this machine's own and those of trusted proxies count in the former alone. */
  readonly connections: number;
  readonly addressConnections: number;
  /** Requests that may last, such as streams and sockets, at a time, and those of one caller. */
  readonly streams: number;
  readonly callerStreams: number;
  /** Of all headers of a request, bytes, and how long they may take to arrive. */
  readonly headerBytes: number;
  readonly headerMs: number;
  /** How long a connection may wait for its next request. */
  readonly keepAliveMs: number;
  /** Of a body that is a stream, bytes. */
  readonly uploadBytes: number;
  /** Of one message on a WebSocket, bytes. */
  readonly messageBytes: number;
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
  /** Streams and sockets of events at a time, and those of one caller. */
  readonly eventReaders: number;
  readonly callerEventReaders: number;
  /** Streams and sockets of lines of the log at a time, each of which looks for its own, and those of one caller. */
  readonly logReaders: number;
  readonly callerLogReaders: number;
  /** How long a stream or socket of events may wait for its reader to take what was sent. */
  readonly slowReaderMs: number;
  /** Bytes that may wait for the reader of an event socket. */
  readonly socketBufferBytes: number;
  /** How long a socket on which nobody has said who asks may stay so. */
  readonly authenticateMs: number;
  /** How long a socket or stream of events that we end may take for what was sent to it before. */
  readonly goodbyeMs: number;
}

/** What holds unless the composition root says otherwise. */
export const API_DEFAULTS: ApiLimits = {
  connections: 16_384,
  addressConnections: 1_024,
  streams: 8_192,
  callerStreams: 4_096,
  headerBytes: 16 * 1024,
  headerMs: 15_000,
  keepAliveMs: 72_000,
  uploadBytes: 64 * 1024 ** 3,
  messageBytes: LIMITS.eventSocket.messageBytes,
  jsonBytes: LIMITS.jsonBytes,
  jsonDepth: LIMITS.jsonDepth,
  bodyMs: 60_000,
  heartbeatMs: 15_000,
  stopMs: 5_000,
  eventReaders: 4_096,
  callerEventReaders: 2_048,
  logReaders: 512,
  callerLogReaders: 256,
  slowReaderMs: 60_000,
  socketBufferBytes: 4 * 1024 * 1024,
  authenticateMs: 10_000,
  goodbyeMs: 2_000,
};
