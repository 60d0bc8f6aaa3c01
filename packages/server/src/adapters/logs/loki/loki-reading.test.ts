import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogLine } from '../../../domain/logs/log-line.ts';
import type { LogPage, LogQuery } from '../../../domain/logs/log-query.ts';
import { NOON, UNSTOPPED } from '../../../ports/log-store.contract.ts';
import { createManualClock, type ManualClock } from '../../shared/manual-clock.ts';
import { createLokiClient, type LokiClient, type RangeQuery } from './loki-client.ts';
import { createLokiHttp, type LokiHttp } from './loki-http.ts';
import { toStreams } from './loki-lines.ts';
import { createLokiReading, type LokiReading } from './loki-reading.ts';
import { type StrictLoki, startStrictLoki } from './testing/strict-loki.ts';

const DAY_MS = 24 * 3_600_000;
const BEFORE = 1_000_000;
let loki: StrictLoki;
let http: LokiHttp;
let client: LokiClient;
let clock: ManualClock;
let asked: RangeQuery[];
/** How long Loki takes for each answer. */
let answerMs: number;
let reading: LokiReading;

beforeEach(async () => {
  clock = createManualClock({ startsAt: NOON });
  loki = await startStrictLoki({ nowMs: () => clock.now(), limits: { oldestMs: Number.MAX_SAFE_INTEGER } });
  http = createLokiHttp({ url: loki.url, tenant: null }, { connections: 1 });
  client = createLokiClient({ pushes: http, questions: http, looks: http });
  asked = [];
  answerMs = 0;
  const range: LokiClient['range'] = async (query, options) => {
    asked.push(query);
    await clock.advance(answerMs);
    return await client.range(query, options);
  };
  reading = createLokiReading(
    { client: { range }, clock },
    { installation: 'test', lookbackMs: DAY_MS, answerMs: 60_000 },
  );
});
afterEach(async () => {
  http[Symbol.dispose]();
  await loki[Symbol.asyncDispose]();
});

/** Has Loki take lines of these ages, oldest first, numbered from one on. */
async function give(...ages: readonly number[]): Promise<void> {
  for (const [index, age] of ages.entries()) {
    const at = clock.now() - age;
    const line: LogLine = {
      ...{
        sequence: index + 1,
        at,
        level: 'info',
        source: 'engine',
        message: `line ${index + 1}`,
        marks: [],
        fields: {},
      },
      ...{ vmId: null, owner: 'ann', operationId: null, executionId: null },
    };
    const streams = toStreams([{ line, time: { ms: at, sequence: line.sequence } }], 'test');
    expect(await client.push(streams, { signal: UNSTOPPED })).toEqual({ kind: 'taken' });
  }
}

async function readPages(query: Partial<LogQuery>): Promise<readonly LogPage[]> {
  const { direction = 'forward', limit = 10 } = query;
  const pages: LogPage[] = [];
  for (let from: number | null = null; ; ) {
    const page = await reading.read({ ...query, direction, from, limit }, BEFORE, { signal: UNSTOPPED });
    pages.push(page);
    if (page.isAtEnd) return pages;
    from = page.reached;
  }
}

const messagesIn = (pages: readonly LogPage[]) => pages.flatMap(({ lines }) => lines.map(({ message }) => message));

describe('a time long ago from which on lines are asked for', () => {
  it.each(['0001-01-01T00:00:00Z', '1677-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '2020-01-01T00:00:00Z'])(
    '(%s) is looked through from when there can be lines',
    async (since) => {
      await give(400 * DAY_MS, DAY_MS);
      const pages = await readPages({ sinceMs: Date.parse(since) });

      expect(messagesIn(pages)).toEqual(['line 1', 'line 2']);
      expect(asked.length).toBeLessThan(1 + (NOON - Date.parse('2024-01-01T00:00:00Z')) / (30 * DAY_MS) + 1);
      expect(loki.refusals).toEqual([]);
    },
  );

  it.each(['forward', 'backward'] as const)(
    'is looked through in pages of a few answers where Loki is slow, each part of it once (%s)',
    async (direction) => {
      await give(700 * DAY_MS, 20 * DAY_MS);
      answerMs = 900;
      const pages = await readPages({ direction, sinceMs: 0 });

      expect(messagesIn(pages).toSorted()).toEqual(['line 1', 'line 2']);
      expect(pages.length).toBeGreaterThan(5);
      expect(new Set(asked.map(({ start, end }) => `${start} ${end}`)).size).toBe(asked.length);
      expect(asked.length / pages.length).toBeLessThan(4);
    },
  );

  it('is looked through for each question by itself', async () => {
    await give(700 * DAY_MS, 600 * DAY_MS);
    answerMs = 2_001;
    const nothing = await readPages({ owner: 'bob', sinceMs: 0 });
    expect(messagesIn(nothing)).toEqual([]);

    // Whoever goes on from the same sequence with another question.
    const page = await reading.read({ owner: 'ann', sinceMs: 0, direction: 'forward', from: 0, limit: 10 }, BEFORE, {
      signal: UNSTOPPED,
    });
    expect(asked.at(-1)?.start).toBe(BigInt(Date.parse('2024-01-01T00:00:00Z')) * 1_000_000n);
    expect(page).toMatchObject({ reached: 0, isAtEnd: false });
  });

  it('is at its end also where the last answer takes long', async () => {
    answerMs = 10_000;

    expect(await readPages({ sinceMs: clock.now() - DAY_MS })).toHaveLength(1);
  });

  it('that is asked about until a time before all that can be there costs no question', async () => {
    expect(await readPages({ sinceMs: 0, untilMs: Date.parse('2001-01-01T00:00:00Z') })).toEqual([
      { lines: [], reached: 0, isAtEnd: true },
    ]);
    expect(asked).toEqual([]);
  });
});

it('a Loki that answers nothing any more leaves a page of what it has looked through, and none after that', async () => {
  loki.fail({ questions: 1 });
  reading = createLokiReading({ client, clock }, { installation: 'test', lookbackMs: DAY_MS, answerMs: 1_000 });
  const query = { sinceMs: clock.now() - 100 * DAY_MS, direction: 'forward', from: 0, limit: 10 } as const;

  expect(await reading.read(query, BEFORE, { signal: UNSTOPPED })).toEqual({ lines: [], reached: 0, isAtEnd: false });
  await expect(reading.read(query, BEFORE, { signal: UNSTOPPED })).rejects.toThrow('did not answer in time');
});
