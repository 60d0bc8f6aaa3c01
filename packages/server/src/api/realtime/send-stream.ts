import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import type { EngineDeps } from '../../engine/deps.ts';
import { logFault, toApiError } from '../problem-reply.ts';

/** What the streams of events and of lines have in common. */
export interface StreamOptions {
  readonly heartbeatMs: number;
  readonly log: EngineDeps['log'];
}

export interface StreamFormat {
  readonly log: EngineDeps['log'];
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** True: headers go out before there is anything to send. */
  readonly isFlushedAtOnce?: boolean;
  /** What a silent stream sends from time to time. */
  readonly heartbeat?: { readonly everyMs: number; readonly text: () => string };
  /**
   * When a reader that does not take what was sent is let go of, and how long it gets for the last words. Absent: never, the source waits
   * for it.
   */
  readonly slowReader?: { readonly signal: AbortSignal; readonly afterMs: number; readonly goodbyeMs: number };
  /** How the stream tells of its own failure; null ends it as if it were complete. Absent: the connection is cut, so that nobody takes it for complete. */
  readonly onFailure?: (error: VolaryError) => string | null;
}

/**
 * Answers with what the source yields, as fast as the caller takes it and no faster. Resolves when all is sent, or the caller
 * is gone. The source is let go of in either case. Rejects with what the source does before its first chunk, and then nothing was
 * answered yet; never after.
 */
export async function sendStream(
  reply: FastifyReply,
  source: AsyncIterable<Uint8Array | string>,
  format: StreamFormat,
): Promise<void> {
  // What fails before its first byte is still an answer of its own, unless the headers are wanted at once.
  const isAnswered = format.isFlushedAtOnce === true || format.heartbeat !== undefined;
  const chunks = isAnswered ? source : await begun(source);
  reply.hijack();
  const raw = reply.raw;
  reply.headers({
    'content-type': format.contentType,
    'cache-control': 'no-store',
    // Bytes of a guest are never a page of ours.
    'x-content-type-options': 'nosniff',
    ...format.headers,
  });
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200);
  if (format.isFlushedAtOnce === true) raw.flushHeaders();
  const heart = startHeart(raw, format.heartbeat);
  try {
    for await (const chunk of chunks) {
      if (raw.destroyed) return;
      heart.isSilent = false;
      if (!raw.write(chunk)) await untilTaken(raw, format.slowReader);
    }
    raw.end();
  } catch (error) {
    endFailed(reply, toApiError(error), format);
  } finally {
    clearInterval(heart.timer);
  }
}

/** The same source, whose first chunk is there already. */
async function begun<T>(source: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const rest = source[Symbol.asyncIterator]();
  return goOn(await rest.next(), rest);
}

async function* goOn<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

interface Heart {
  isSilent: boolean;
  readonly timer: NodeJS.Timeout | undefined;
}

/** Beats between two writes of the source, each of which is whole: a beat never falls into the middle of a line. */
function startHeart(raw: ServerResponse, heartbeat: StreamFormat['heartbeat']): Heart {
  if (heartbeat === undefined) return { isSilent: false, timer: undefined };
  const timer = setInterval(() => {
    if (heart.isSilent && !raw.destroyed && !raw.writableNeedDrain) raw.write(heartbeat.text());
    heart.isSilent = true;
  }, heartbeat.everyMs);
  const heart: Heart = { isSilent: true, timer };
  return heart;
}

/**
 * As `untilDrained`. Of a reader that may be too slow: rejects with `aborted` events.reader_too_slow when it has not taken what was sent
 * after this long, or with the signal's reason when that is aborted before.
 */
export async function untilTaken(
  raw: Writable,
  slowReader: { readonly signal: AbortSignal; readonly afterMs: number } | undefined,
): Promise<void> {
  if (slowReader === undefined) return await untilDrained(raw);
  const { signal, afterMs } = slowReader;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(readerTooSlow()), afterMs);
  try {
    await untilDrained(raw, signal, patience.signal);
  } finally {
    clearTimeout(timer);
  }
}

function readerTooSlow(): VolaryError {
  return new VolaryError('aborted', 'You did not take what was sent; go on after the last event that you have.', {
    reason: 'events.reader_too_slow',
  });
}

/** Resolves when this can take more, or is closed. Rejects with the reason of one of `givesUp` when that is aborted before. */
async function untilDrained(raw: Writable, ...givesUp: readonly AbortSignal[]): Promise<void> {
  if (raw.destroyed) return;
  for (const signal of givesUp) signal.throwIfAborted();
  const over = new AbortController();
  const ends = [once(raw, 'drain', over), once(raw, 'close', over)];
  try {
    await Promise.race([...ends, ...givesUp.map((signal) => abortOf(signal, over.signal))]);
  } finally {
    over.abort();
  }
}

/** Rejects with the reason of `signal` when it is aborted, unless `over` is before. */
function abortOf(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: over });
  });
}

function endFailed(reply: FastifyReply, error: VolaryError, { log, onFailure, slowReader }: StreamFormat): void {
  const raw = reply.raw;
  logFault(log, error, reply.request);
  if (raw.destroyed) return;
  if (onFailure === undefined) {
    raw.destroy();
    return;
  }
  const text = onFailure(error);
  if (text === null) raw.end();
  else raw.end(text);
  if (slowReader !== undefined) setTimeout(() => raw.destroy(), slowReader.goodbyeMs).unref();
}
