import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { VolaryError } from '../../domain/errors.ts';
import { createRequestSignals } from '../request-signals.ts';
import { type StreamFormat, sendStream } from './send-stream.ts';
import { type SseSource, sendSse } from './sse.ts';

const logged: string[] = [];
const log = createPinoLog({ level: 'error', stream: { write: (line) => logged.push(line) } });
const TEXT: StreamFormat = { contentType: 'text/plain', log };
let app: FastifyInstance;

afterEach(async () => {
  app.server.closeAllConnections();
  await app.close();
});

type Source = (signal: AbortSignal) => AsyncIterable<Uint8Array | string>;

/** A server whose one route answers with this stream, and an answer of it. */
async function ask(source: Source, format: StreamFormat = TEXT): Promise<IncomingMessage> {
  const signals = createRequestSignals();
  app = Fastify({ forceCloseConnections: true });
  app.addHook('preClose', async () => signals.stop());
  app.get('/', async (_request, reply) => {
    reply.header('x-request-id', 'req_1');
    await sendStream(reply, source(signals.of(reply)), format);
    return reply;
  });
  return await answerOf(await app.listen({ host: '127.0.0.1', port: 0 }));
}

async function answerOf(url: string): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => get(url, resolve).on('error', reject));
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return text;
}

/** Nothing, until the signal is aborted. */
async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

describe('a stream', () => {
  it('is what the source yields, with the headers of the reply', async () => {
    const answer = await ask(async function* () {
      yield 'one ';
      yield Buffer.from('two');
    });

    expect(await textOf(answer)).toBe('one two');
    expect(answer.headers).toMatchObject({
      'x-request-id': 'req_1',
      'content-type': 'text/plain',
      'x-content-type-options': 'nosniff',
    });
  });

  it('takes no more from the source than the caller takes from it', async () => {
    const chunk = Buffer.alloc(64 * 1024);
    const total = 2_000;
    let yielded = 0;
    const answer = await ask(async function* () {
      for (; yielded < total; yielded++) yield chunk;
    });
    await once(answer, 'readable');
    const whileNobodyReads = await settled(() => yielded);

    let received = 0;
    for await (const part of answer) received += part.length;
    expect(whileNobodyReads).toBeLessThan(total / 2);
    expect(received).toBe(total * chunk.length);
  });

  it('lets go of the source when the caller is gone', async () => {
    const ended = Promise.withResolvers<unknown>();
    const answer = await ask(async function* (signal) {
      try {
        yield 'hello';
        await untilAborted(signal);
      } catch (error) {
        ended.resolve(error);
      }
    });
    await once(answer, 'data');

    answer.destroy();

    expect(await ended.promise).toMatchObject({ reason: 'request.client_gone' });
  });

  it('is cut when its source fails, so that nobody takes it for complete', async () => {
    const answer = ask(async function* () {
      yield 'half';
      throw new VolaryError('aborted', 'Gone.', { reason: 'guest.file_shrank' });
    });

    await expect(answer.then(textOf)).rejects.toThrow(/aborted|hang up/);
  });

  it('tells of its failure where its format can', async () => {
    const source = async function* () {
      yield 'half ';
      throw new Error('EIO /secret/path');
    };
    const answer = await ask(source, { ...TEXT, onFailure: (error) => error.message });

    expect(await textOf(answer)).toBe('half Something went wrong inside the server.');
    expect(logged.at(-1)).toContain('EIO /secret/path');
  });

  it('shows that it is alive when nothing else happens', async () => {
    const answer = await ask(
      async function* (signal) {
        yield 'x';
        await untilAborted(signal);
      },
      { ...TEXT, heartbeat: { everyMs: 5, text: () => '.' } },
    );

    let text = '';
    for await (const chunk of answer) {
      text += String(chunk);
      if (text.length >= 3) break;
    }
    expect(text).toBe('x..');
  });

  it('sends its headers before there is anything to send, when asked to', async () => {
    const answer = await ask((signal) => ({ [Symbol.asyncIterator]: () => ({ next: () => untilAborted(signal) }) }), {
      ...TEXT,
      isFlushedAtOnce: true,
    });

    expect(answer.statusCode).toBe(200);
  });
});

describe('server-sent events', () => {
  /** An answer with these frames, which then goes on in silence, and the moment when the stream has let go of its source. */
  async function askForEvents(frames: readonly Uint8Array[], options: Partial<SseSource<Uint8Array>> = {}) {
    const released = Promise.withResolvers<void>();
    const signals = createRequestSignals();
    app = Fastify();
    app.addHook('preClose', async () => signals.stop());
    app.get('/', async (_request, reply) => {
      const signal = signals.of(reply);
      const all = async function* () {
        try {
          yield* frames;
          await untilAborted(signal);
        } finally {
          released.resolve();
        }
      };
      const tooSlow = new AbortController().signal;
      const encode = (page: Uint8Array) => page;
      const source = {
        pages: all(),
        encode,
        position: () => 6,
        tooSlow,
        slowReaderMs: 60_000,
        goodbyeMs: 5_000,
        ...options,
      };
      await sendSse(reply, source, { heartbeatMs: 15_000, log });
      return reply;
    });
    const answer = await answerOf(await app.listen({ host: '127.0.0.1', port: 0 }));
    return { answer, released: released.promise };
  }

  it('begin with where they are, and end with why when the server stops', async () => {
    const { answer } = await askForEvents([Buffer.from('id: 7\nevent: vm.started\ndata: {}\n\n')]);
    let text = '';
    for await (const chunk of answer) {
      text += String(chunk);
      if (text.endsWith('data: {}\n\n')) void app.close();
    }

    expect(text).toMatch(/^: 15 s\nid: 6\n\nid: 7\nevent: vm.started\ndata: {}\n\nevent: error\ndata: {.*}\n\n$/);
    expect(text).toContain('"reason":"server.stopping"');
  });

  it.each(['the source', 'the time'])('end with why for a reader that does not take them, as %s tells', async (by) => {
    const much = Array.from({ length: 400 }, () => Buffer.alloc(64 * 1024, ': x\n\n'));
    const tooSlow = new AbortController();
    const { answer, released } = await askForEvents(much, {
      tooSlow: tooSlow.signal,
      ...(by === 'the time' ? { slowReaderMs: 20 } : {}),
    });
    await once(answer, 'readable');
    if (by === 'the source') tooSlow.abort(new VolaryError('aborted', 'Slow.', { reason: 'events.reader_too_slow' }));
    await released;

    expect(await textOf(answer)).toMatch(/event: error\ndata: {.*"reason":"events.reader_too_slow".*}\n\n$/);
  });
});

/** The value when it no longer changes from one look to the next, a while apart. */
async function settled(look: () => number): Promise<number> {
  for (let before = -1; ; ) {
    const now = look();
    if (now === before && now > 0) return now;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
