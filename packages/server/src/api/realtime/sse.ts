import type { FastifyReply } from 'fastify';
import type { VolaryError } from '../../domain/errors.ts';
import { toProblem } from '../errors-to-status.ts';
import { type StreamOptions, sendStream } from './send-stream.ts';

/** A source of server-sent events that knows where it is. */
export interface SseSource<Page> {
  readonly pages: AsyncIterable<Page>;
  /** A page as whole frames, each with its `id`. */
  encode(page: Page): Uint8Array;
  /** Given back by a client that resumes, as `Last-Event-ID`. */
  position(): number;
  /** Aborted when the reader is too slow for it. */
  readonly tooSlow: AbortSignal;
  /** How long the reader may take for what was sent. */
  readonly slowReaderMs: number;
  /** How long it may take for the last words, when the stream ends before its time. */
  readonly goodbyeMs: number;
}

/**
 * Answers with server-sent events. The first frame goes out at once, and another whenever nothing did for a while: a comment, and
 * the id to resume after, so that a client knows it also when no event has come yet, or none that its filter lets through.
 * When the stream ends, because the server stops, the reader is too slow or something fails, its last frame is an `error` with the problem, or what `toFault` makes of it;
 * browsers come back by themselves.
 */
export async function sendSse<Page>(
  reply: FastifyReply,
  source: SseSource<Page>,
  options: StreamOptions & { readonly toFault?: (error: VolaryError) => object },
): Promise<void> {
  const { position, tooSlow, slowReaderMs, goodbyeMs } = source;
  const { toFault = (error) => toProblem(error, reply.request.id) } = options;
  const sign = (): string => `: ${options.heartbeatMs / 1000} s\nid: ${position()}\n\n`;
  await sendStream(reply, framesOf(sign(), source), {
    contentType: 'text/event-stream; charset=utf-8',
    // Proxies that collect answers would hold events back.
    headers: { 'x-accel-buffering': 'no' },
    heartbeat: { everyMs: options.heartbeatMs, text: sign },
    slowReader: { signal: tooSlow, afterMs: slowReaderMs, goodbyeMs },
    log: options.log,
    onFailure: (error) => `event: error\ndata: ${JSON.stringify(toFault(error))}\n\n`,
  });
}

async function* framesOf<Page>(first: string, { pages, encode }: SseSource<Page>): AsyncGenerator<Uint8Array | string> {
  yield first;
  for await (const page of pages) yield encode(page);
}
