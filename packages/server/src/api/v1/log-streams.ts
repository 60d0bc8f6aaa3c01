import { EVENT_SOCKET_CLOSE, type LogMessage, NDJSON_TYPE } from '@volary/contract';
import type { FastifyReply } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import type { LogLine } from '../../domain/logs/log-line.ts';
import type { LogFeed } from '../../engine/apis/log-api.ts';
import { toProblem } from '../errors-to-status.ts';
import type { ApiLimits } from '../limits.ts';
import { toApiError } from '../problem-reply.ts';
import { checkHandshake } from '../realtime/accept-socket.ts';
import { checkOrigin } from '../realtime/origin.ts';
import { sendStream } from '../realtime/send-stream.ts';
import { sendSse } from '../realtime/sse.ts';
import type { Upgrade } from '../realtime/upgrades.ts';
import { type GuardedSocket, openSocket } from '../realtime/web-sockets.ts';
import { invalidFields } from '../validation.ts';
import type { V1Context } from './context.ts';
import { toLogLineDto } from './dto/log-dto.ts';
import type { LogRequest } from './log-query.ts';

/** Opens what is followed; once it is open, nothing is refused any more. */
type OpenFeed = (signal: AbortSignal) => Promise<LogFeed>;

/** Closes a socket whose stream has failed: its last message says why. */
const CLOSE_FAILED = 1011;

/** Nobody waits for a reader: what it has not taken yet waits in the store. So a reader is let go of only when it takes nothing at all. */
function neverTooSlow(): AbortSignal {
  return new AbortController().signal;
}

/** Of those who are sent lines as an answer in HTTP. */
export function slowReaderOf({ slowReaderMs, goodbyeMs }: Pick<ApiLimits, 'slowReaderMs' | 'goodbyeMs'>) {
  return { signal: neverTooSlow(), afterMs: slowReaderMs, goodbyeMs };
}

function textOf(message: LogMessage): string {
  return JSON.stringify(message);
}

/** Lines as they come, one message each in a line of its own. */
export async function sendLogLines(reply: FastifyReply, open: OpenFeed, context: V1Context): Promise<void> {
  const { limits, log, signals } = context;
  const feed = await open(signals.of(reply));
  const progress = (): string => `${textOf({ type: 'progress', sequence: feed.position })}\n`;
  await sendStream(reply, messageLines(feed, progress()), {
    contentType: NDJSON_TYPE,
    heartbeat: { everyMs: limits.heartbeatMs, text: progress },
    slowReader: slowReaderOf(limits),
    log,
    onFailure: (error) => `${textOf({ type: 'error', problem: toProblem(error, reply.request.id) })}\n`,
  });
}

async function* messageLines(feed: LogFeed, first: string): AsyncGenerator<string> {
  yield first;
  for await (const page of feed)
    yield page.map((line) => `${textOf({ type: 'line', line: toLogLineDto(line) })}\n`).join('');
}

/** Lines as they come, as server-sent events. */
export async function sendLogEvents(reply: FastifyReply, open: OpenFeed, context: V1Context): Promise<void> {
  const { limits, log, signals } = context;
  const { heartbeatMs, slowReaderMs, goodbyeMs } = limits;
  const feed = await open(signals.of(reply));
  const position = (): number => feed.position;
  const source = { pages: feed, encode: toFrames, position, tooSlow: neverTooSlow(), slowReaderMs, goodbyeMs };
  await sendSse(reply, source, { heartbeatMs, log });
}

function toFrames(page: readonly LogLine[]): Uint8Array {
  const frames = page.map(
    (line) => `id: ${line.sequence}\nevent: line\ndata: ${JSON.stringify(toLogLineDto(line))}\n\n`,
  );
  return Buffer.from(frames.join(''));
}

/** Lines as they come, one message of a WebSocket each. Whatever it is sent is refused. */
export async function sendLogSocket(
  request: LogRequest,
  reply: FastifyReply,
  open: OpenFeed,
  { upgrade, limits, log, signals, allowedOrigins }: V1Context & { readonly upgrade: Upgrade },
): Promise<void> {
  checkOrigin(request, allowedOrigins);
  checkHandshake(upgrade);
  const stop = new AbortController();
  // What cannot be fulfilled is answered in HTTP, as long as that can be.
  const feed = await open(stop.signal);
  reply.hijack();
  await openSocket(upgrade, { limits, signals, log, headers: reply.getHeaders() }, (socket) => {
    const refuse = (error: unknown): void => {
      socket.send(textOf({ type: 'error', problem: toProblem(toApiError(error), request.id) }));
      // Who says and says what is not asked for, and never reads that it is refused.
      if (socket.isOverfull) socket.close(EVENT_SOCKET_CLOSE.tooSlow, 'you read too slowly');
    };
    const unasked = (): void => refuse(invalidFields([{ field: '', message: 'is not asked for here' }]));
    socket.closed.addEventListener('abort', () => stop.abort(socket.closed.reason), { once: true });
    const { tellProgress, done } = pump(socket, feed);
    done.catch((error: unknown) => {
      if (stop.signal.aborted) return;
      refuse(error);
      socket.close(CLOSE_FAILED, error instanceof VolaryError ? error.reason : 'internal.unexpected');
    });
    return { message: unasked, bytes: unasked, beat: tellProgress };
  });
}

interface Pump {
  /** Says up to where all has been sent or was not asked for. */
  tellProgress(): void;
  /** Rejects with what ends the feed. */
  readonly done: Promise<void>;
}

/** Sends what comes, as fast as it is taken. */
function pump(socket: GuardedSocket, feed: LogFeed): Pump {
  // The feed moves on only when the next page is asked for, which is after this one was taken.
  let sent = 0;
  const tellProgress = (): void => socket.send(textOf({ type: 'progress', sequence: Math.max(sent, feed.position) }));
  const send = async (): Promise<void> => {
    tellProgress();
    for await (const page of feed) {
      for (const line of page) socket.send(textOf({ type: 'line', line: toLogLineDto(line) }));
      sent = page.at(-1)?.sequence ?? sent;
      await socket.taken(neverTooSlow());
    }
  };
  return { tellProgress, done: send() };
}
