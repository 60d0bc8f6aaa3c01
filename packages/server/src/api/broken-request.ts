import type { Socket } from 'node:net';
import { PROBLEM_TYPE } from '@volary/contract';
import { VolaryError } from '../domain/errors.ts';
import type { EngineDeps } from '../engine/deps.ts';
import { toProblem } from './errors-to-status.ts';

/** What Node calls the ways in which a request is no HTTP, and what we answer; all others are 400. */
const ANSWERS: ReadonlyMap<string, readonly [status: string, reason: string, message: string]> = new Map([
  [
    'HPE_HEADER_OVERFLOW',
    ['431 Request Header Fields Too Large', 'request.headers_too_large', 'The headers are too large.'],
  ],
  ['ERR_HTTP_REQUEST_TIMEOUT', ['408 Request Timeout', 'request.timeout', 'The request did not arrive in time.']],
]);
const MALFORMED = ['400 Bad Request', 'request.malformed', 'The request is not well-formed HTTP.'] as const;

/** Answers what never became a request, by hand, and closes the connection: nobody knows where a next request would begin. */
export function answerBrokenRequest(
  error: Error & { readonly code?: string },
  socket: Socket,
  { ids, log }: Pick<EngineDeps, 'ids' | 'log'>,
): void {
  const requestId = ids.create('req');
  const [statusLine, reason, message] = ANSWERS.get(error.code ?? '') ?? MALFORMED;
  log.debug('request refused', { requestId, reason });
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = toProblem(new VolaryError('invalid_argument', message, { reason }), requestId);
  const body = JSON.stringify({ ...problem, status: Number.parseInt(statusLine, 10) });
  const head = [
    `HTTP/1.1 ${statusLine}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
