/**
 * That the Loki of the tests refuses what Loki refuses, case by case; the rules with their sources are in `loki-rules.ts`. Where there is a real one
 * (`real-loki.ts`), those that need no other configuration are asked of it too.
 */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from './loki-rules.ts';
import { REAL } from './real-loki.ts';
import { type StrictLoki, type StrictOptions, startStrictLoki } from './strict-loki.ts';

const HOUR_MS = 3_600_000;
const parts: StrictLoki[] = [];
/** Streams of these tests are nobody else's. */
let run: string;
let count = 0;

beforeEach(() => {
  run = `${process.pid}-${Date.now()}-${count++}`;
});
afterEach(async () => {
  for (const part of parts.splice(0)) await part[Symbol.asyncDispose]();
});

async function start(options: StrictOptions = {}): Promise<StrictLoki> {
  const loki = await startStrictLoki(options);
  parts.push(loki);
  return loki;
}

const ns = (ms: number): string => `${BigInt(ms) * 1_000_000n}`;
const stream = (values: readonly unknown[], labels: Readonly<Record<string, string>> = { run }) => ({
  stream: labels,
  values,
});
const manyLabels = (size: number) => Object.fromEntries(Array.from({ length: size }, (_, index) => [`l${index}`, 'x']));

async function push(url: string, streams: unknown, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const body = typeof streams === 'string' ? streams : JSON.stringify({ streams });
  const all: Readonly<Record<string, string>> = { 'content-type': 'application/json', ...headers };
  const sent = all['content-encoding'] === 'gzip' ? gzipSync(body) : body;
  const response = await fetch(`${url}/loki/api/v1/push`, { method: 'POST', headers: all, body: sent });
  await response.text();
  return response.status;
}

async function ask(
  url: string,
  query: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(`${url}/loki/api/v1/query_range?${new URLSearchParams(query)}`, { headers });
  return { status: response.status, text: await response.text() };
}

describe.each(REAL === null ? ['strict'] : ['strict', 'real'])('a %s Loki', (kind) => {
  const urlOf = async (): Promise<string> => (kind === 'real' && REAL !== null ? REAL : (await start()).url);

  it.each<[string, () => unknown]>([
    ['labels and lines', () => [stream([[ns(Date.now()), 'x']])]],
    ['metadata', () => [stream([[ns(Date.now()), 'x', { sequence: '1' }]])]],
    [
      'as many labels as there may be',
      () => [stream([[ns(Date.now()), 'x']], { ...manyLabels(LIMITS.labelNames - 2), run, service_name: 'x' })],
    ],
    [
      'what is a little out of order',
      () => [
        stream([
          [ns(Date.now()), 'x'],
          [ns(Date.now() - HOUR_MS / 2), 'y'],
        ]),
      ],
    ],
    ['what is a little ahead', () => [stream([[ns(Date.now() + HOUR_MS / 10), 'x']])]],
  ])('takes %s', async (_name, streams) => {
    const url = await urlOf();
    expect(await push(url, streams())).toBe(204);
    expect(await push(url, streams(), { 'content-encoding': 'gzip' })).toBe(204);
  });

  it.each<[string, () => unknown]>([
    ['no labels (missing_labels)', () => [stream([[ns(Date.now()), 'x']], {})]],
    ['a name with a minus (invalid_labels)', () => [stream([[ns(Date.now()), 'x']], { 'a-b': 'x' })]],
    [
      'too many labels (max_label_names_per_series)',
      () => [stream([[ns(Date.now()), 'x']], manyLabels(LIMITS.labelNames + 1))],
    ],
    [
      'a long name (label_name_too_long)',
      () => [stream([[ns(Date.now()), 'x']], { ['n'.repeat(LIMITS.labelNameBytes + 1)]: 'x' })],
    ],
    [
      'a long value (label_value_too_long)',
      () => [stream([[ns(Date.now()), 'x']], { run: 'v'.repeat(LIMITS.labelValueBytes + 1) })],
    ],
    ['a long line (line_too_long)', () => [stream([[ns(Date.now()), 'x'.repeat(LIMITS.lineBytes + 1)]])]],
    ['an old line (greater_than_max_sample_age)', () => [stream([[ns(Date.now() - LIMITS.oldestMs - HOUR_MS), 'x']])]],
    ['a line of the future (too_far_in_future)', () => [stream([[ns(Date.now() + LIMITS.aheadMs + HOUR_MS), 'x']])]],
    [
      'a line out of order beyond the window (too_far_behind)',
      () => [
        stream([
          [ns(Date.now()), 'x'],
          [ns(Date.now() - 2 * HOUR_MS), 'y'],
        ]),
      ],
    ],
    [
      'much metadata (max_structured_metadata_size)',
      () => [stream([[ns(Date.now()), 'x', { a: 'x'.repeat(LIMITS.metadataBytes + 1) }]])],
    ],
    [
      'many metadata (max_structured_metadata_entries_count)',
      () => [stream([[ns(Date.now()), 'x', manyLabels(LIMITS.metadataEntries + 1)]])],
    ],
    ['metadata that is no text', () => [stream([[ns(Date.now()), 'x', { a: { b: 'c' } }]])]],
    ['a time that is a number', () => [stream([[Date.now() * 1_000_000, 'x']])]],
    ['what is no JSON', () => '{'],
  ])('refuses %s', async (_name, streams) => {
    expect(await push(await urlOf(), streams())).toBe(400);
  });

  it('keeps what is good of a request that it refuses', async () => {
    const url = await urlOf();
    const now = Date.now();
    expect(
      await push(url, [
        stream([
          [ns(now), 'good'],
          [ns(now - 2 * HOUR_MS), 'bad'],
          [ns(now + 1), 'good too'],
        ]),
      ]),
    ).toBe(400);

    const { text } = await ask(url, { query: `{run="${run}"}`, end: ns(now + HOUR_MS) });
    expect(text).toContain('good too');
    expect(text).not.toContain('bad');
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['more lines than it gives (max_entries_limit_per_query)', { limit: String(LIMITS.entriesPerQuery + 1) }],
    ['a longer time (max_query_length)', { start: ns(Date.now() - LIMITS.queryMs - HOUR_MS) }],
    ['an end before the beginning', { start: ns(Date.now()), end: ns(Date.now() - HOUR_MS) }],
    ['a direction that is none', { direction: 'sideways' }],
    ['what selects everything', { query: '{run=~".*"}' }],
    ['what is no LogQL', { query: '{run="a"} |= x' }],
    ['a quote that does not end', { query: '{run="a} |= "x"' }],
    ['an escape that Go does not know', { query: '{run="a"} |= "\\/"' }],
  ])('refuses to be asked for %s', async (_name, query) => {
    expect((await ask(await urlOf(), { query: `{run="${run}"}`, ...query })).status).toBe(400);
  });

  it('includes the beginning of a time, and not its end', async () => {
    const url = await urlOf();
    const now = Date.now();
    await push(url, [
      stream([
        [ns(now - 2), 'a'],
        [ns(now - 1), 'b'],
        [ns(now), 'c'],
      ]),
    ]);

    const { text } = await ask(url, {
      query: `{run="${run}"}`,
      start: ns(now - 2),
      end: ns(now),
      direction: 'forward',
    });
    const result: { data: { result: { values: string[][] }[] } } = JSON.parse(text);
    expect(result.data.result.flatMap(({ values }) => values.map(([, line]) => line)).toSorted()).toEqual(['a', 'b']);
  });

  it('shows who tails it what comes, and what has', async () => {
    const url = await urlOf();
    await push(url, [stream([[ns(Date.now()), 'before']])]);
    const query = new URLSearchParams({ query: `{run="${run}"}`, start: ns(Date.now() - HOUR_MS) });
    const socket = new WebSocket(`${url.replace('http', 'ws')}/loki/api/v1/tail?${query}`);
    const seen: string[] = [];
    const both = new Promise<void>((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        seen.push(String(data));
        if (seen.join('').includes('after')) resolve();
      });
    });
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    await push(url, [stream([[ns(Date.now()), 'after']])]);
    await both;
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    socket.close();
    await closed;

    expect(seen.join('')).toMatch(/before.*after/s);
  });
});

describe('a Loki with its limits as they come', () => {
  it('refuses names that begin with two underscores, and bodies that are not said to be JSON', async () => {
    const { url } = await start();
    const values = [[ns(Date.now()), 'x']];
    expect(await push(url, [stream(values, { __a: 'x' })])).toBe(400);
    expect(await push(url, [stream(values)], { 'content-type': 'text/plain' })).toBe(400);
    expect(await push(url, [stream(values)], { 'content-encoding': 'br' })).toBe(400);
  });

  it.each([
    ['rate_limited', { ingestionBurstBytes: 100 }],
    ['per_stream_rate_limit', { streamBurstBytes: 100 }],
    ['stream_limit', { streams: 0 }],
  ])('says 429 of too much (%s)', async (reason, limits) => {
    const loki = await start({ limits });
    expect(await push(loki.url, [stream([[ns(Date.now()), 'x'.repeat(101)]])])).toBe(429);
    expect(loki.refusals).toEqual([reason]);
  });

  it('answers 500 where its parts would have to hand each other too much at once (grpc_server_max_recv_msg_size)', async () => {
    const loki = await start();
    const line = 'x'.repeat(LIMITS.lineBytes - 1);
    for (let part = 0; part < 2; part++)
      expect(
        await push(loki.url, [
          stream(Array.from({ length: 10 }, (_, nth) => [ns(Date.now() + part * 10 + nth), line])),
        ]),
      ).toBe(204);
    const query = { query: `{run="${run}"}`, end: ns(Date.now() + HOUR_MS) };

    expect((await ask(loki.url, { ...query, limit: '20' })).status).toBe(500);
    expect((await ask(loki.url, { ...query, limit: '15' })).status).toBe(200);
    expect(loki.refusals).toEqual(['grpc_server_max_recv_msg_size']);
  });

  it('asks who has come, of several tenants', async () => {
    const { url } = await start({ hasTenants: true });
    const streams = [stream([[ns(Date.now()), 'x']])];
    expect(await push(url, streams)).toBe(401);
    expect(await push(url, streams, { 'x-scope-orgid': 'a|b' })).toBe(400);
    expect(await push(url, streams, { 'x-scope-orgid': 'a' })).toBe(204);
    expect((await ask(url, { query: '{run="a"}' }, { 'x-scope-orgid': 'a|b' })).status).toBe(200);
  });

  it.each([
    ['a long delay', { query: '{run="a"}', delay_for: '6' }, {}],
    ['what is no LogQL', { query: '{' }, {}],
    ['one more than it has', { query: '{run="a"}' }, { limits: { tails: 0 } }],
  ])('is not tailed with %s', async (_name, query, options) => {
    const { url } = await start(options);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/loki/api/v1/tail?${new URLSearchParams(query)}`);
    const outcome = await new Promise((resolve) => {
      socket.addEventListener('open', () => resolve('open'));
      socket.addEventListener('error', () => resolve('refused'));
    });
    expect(outcome).toBe('refused');
  });
});
