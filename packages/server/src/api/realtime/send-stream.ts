import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { VolaryError } from '../../domain/errors.ts';
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
  readonly heartbeat?: { readonly everyMs: number; readonly text: string };
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
  const chunks = source[Symbol.asyncIterator]();
  const first = format.isFlushedAtOnce === true || format.heartbeat !== undefined ? null : await chunks.next();
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
    for await (const chunk of from(first, chunks)) {
      if (raw.destroyed) return;
      heart.isSilent = false;
      if (!raw.write(chunk)) await untilDrained(raw);
    }
    raw.end();
  } catch (error) {
    endFailed(reply, toApiError(error), format);
  } finally {
    clearInterval(heart.timer);
  }
}

/** The source again, whose first chunk has been taken already. */
async function* from<T>(first: IteratorResult<T> | null, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let next = first ?? (await rest.next()); next.done !== true; next = await rest.next()) yield next.value;
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
    if (heart.isSilent && !raw.destroyed && !raw.writableNeedDrain) raw.write(heartbeat.text);
    heart.isSilent = true;
  }, heartbeat.everyMs);
  const heart: Heart = { isSilent: true, timer };
  return heart;
}

async function untilDrained(raw: ServerResponse): Promise<void> {
  if (raw.destroyed) return;
  const over = new AbortController();
  try {
    await Promise.race([once(raw, 'drain', over), once(raw, 'close', over)]);
  } finally {
    over.abort();
  }
}

function endFailed(reply: FastifyReply, error: VolaryError, { log, onFailure }: StreamFormat): void {
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
}
