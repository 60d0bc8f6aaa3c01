import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewEvent } from '../../domain/events.ts';
import { numberedId, sampleEvent } from '../../ports/store-contract/samples.contract.ts';
import { openEventSocket } from '../testing/event-socket.ts';
import { type RunningApi, runApi } from '../testing/run-api.ts';
import { ADMIN_KEY } from '../testing/run-server.ts';

const VM = numberedId('vm', 1);
const events = (count: number, text = ''): readonly NewEvent[] =>
  Array.from({ length: count }, () => sampleEvent(VM, text));

/** Asks for a stream of events; whoever does not read the answer is a slow reader. */
async function openStream(url: string, search: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, accept: 'text/event-stream' };
  const asking = get(`${url}/v1/events${search}`, { headers, agent: false });
  const [answer]: IncomingMessage[] = await once(asking, 'response');
  if (answer === undefined) throw new TypeError('no answer');
  return answer.setEncoding('utf8');
}

/** What comes as far as this event, or, without one, to the end. */
async function read(answer: AsyncIterable<string>, last: number | null = null): Promise<string> {
  const chunks: string[] = [];
  let end = '';
  let hasCome = false;
  for await (const chunk of answer) {
    chunks.push(chunk);
    const news = end + chunk;
    hasCome ||= news.includes(`id: ${last}\n`);
    end = news.slice(-32);
    if (hasCome && end.endsWith('\n\n')) break;
  }
  return chunks.join('');
}

const sequencesIn = (text: string): readonly number[] =>
  [...text.matchAll(/^id: (\d+)\nevent: /gm)].map(([, sequence]) => Number(sequence));

describe('a cursor', () => {
  let api: RunningApi;
  let first: number;
  beforeAll(async () => {
    api = await runApi({});
    await api.append(...events(10));
    await api.store.events.trim({ before: 0, keep: 4, limit: 100 });
    first = (await api.store.events.bounds()).first;
  });
  afterAll(() => api?.[Symbol.asyncDispose]());

  it.each(['application/json', 'text/event-stream'])(
    'before the oldest event is told where to start again, by %s',
    async (accept) => {
      const ask = (after: number) =>
        fetch(`${api.url}/v1/events?after=${after}`, { headers: { authorization: `Bearer ${ADMIN_KEY}`, accept } });
      const gone = await ask(first - 2);
      expect(gone.status).toBe(410);
      expect(await gone.json()).toMatchObject({ reason: 'events.trimmed', details: { first_sequence: first } });

      const again = await ask(first - 1);
      expect(again.status).toBe(200);
      await again.body?.cancel();
    },
  );

  it('before the oldest event is told so to a subscription, whose socket goes on', async () => {
    const socket = await openEventSocket(api.url);
    socket.send({ type: 'subscribe', id: 'a', after: 0 });
    await socket.until((received) => received.length === 1);
    expect(socket.received[0]).toMatchObject({ type: 'error', id: 'a', problem: { status: 410 } });

    socket.send({ type: 'subscribe', id: 'a', after: first - 1 });
    await socket.until((received) => received.length > 1);
    expect(socket.received[1]).toMatchObject({ type: 'subscribed', id: 'a', last_sequence: first - 1 });
    await socket.close();
  });
});

describe('a stream whose reader does not read', () => {
  it('is ended with why, can be resumed without a gap, and another one never waits for it', async () => {
    await using api = await runApi({ limits: { goodbyeMs: 30_000 }, engine: { readerLagEvents: 100 } });
    const slow = await openStream(api.url, '?after=0');
    const fast = await openStream(api.url, '?after=0');
    const seen: number[] = [];

    // Each round must have come to the fast one before the next is written: it is never more than a round behind.
    for (let round = 0; round < 20; round++) {
      await api.append(...events(25, 'x'.repeat(50_000)));
      const last = await api.last();
      const text = await read(fast.iterator({ destroyOnReturn: false }), last);
      seen.push(...sequencesIn(text));
    }
    const taken = await read(slow);

    const last = await api.last();
    expect(seen).toEqual(Array.from({ length: last }, (_, i) => i + 1));
    expect(taken).toMatch(/\n\nevent: error\ndata: {.*"reason":"events.reader_too_slow".*}\n\n$/);
    const before = sequencesIn(taken);
    expect(before.length).toBeLessThan(last);
    const resumed = await openStream(api.url, `?after=${before.at(-1)}`);
    const rest = await read(resumed, last);
    expect([...before, ...sequencesIn(rest)]).toEqual(seen);
    fast.destroy();
  });
});
