import type { FastifyReply } from 'fastify';
import { type StreamOptions, sendStream } from './send-stream.ts';

export interface SseMessage {
  /** Given back by the client as `Last-Event-ID`. */
  readonly id: number;
  readonly event: string;
  readonly data: unknown;
}

/**
 * Answers with server-sent events. A comment goes out at once, so that the caller knows that the stream is there, and
 * whenever nothing else did for a while. A stream that ends is one to be resumed: clients do so by themselves.
 */
export async function sendSse(
  reply: FastifyReply,
  messages: AsyncIterable<SseMessage>,
  options: StreamOptions,
): Promise<void> {
  await sendStream(reply, framesOf(messages), {
    contentType: 'text/event-stream; charset=utf-8',
    heartbeat: { everyMs: options.heartbeatMs, text: ': \n\n' },
    log: options.log,
    onFailure: () => null,
  });
}

async function* framesOf(messages: AsyncIterable<SseMessage>): AsyncGenerator<string> {
  yield ': \n\n';
  for await (const { id, event, data } of messages)
    yield `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
