import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LogQuery } from '../../../domain/logs/log-query.ts';
import { line, logStoreContract, NOON, OTHER, UNSTOPPED, VM } from '../../../ports/log-store.contract.ts';
import type { LogStore } from '../../../ports/log-store.ts';
import { damageTable } from '../../shared/damage-file.fixture.ts';
import { entriesOf, type OpenLogs, openLogs, until } from './testing/open-logs.ts';
import { REAL } from './testing/real-loki.ts';
import { type StrictLoki, startStrictLoki } from './testing/strict-loki.ts';

let directory: string;
let strict: StrictLoki;
let count = 0;

beforeAll(async () => {
  strict = await startStrictLoki();
});
afterAll(() => strict[Symbol.asyncDispose]());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-loki-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function open(url = strict.url): OpenLogs {
  return openLogs({ directory, url, installation: `test-${process.pid}-${NOON}-${count++}` });
}

/** Nothing is kept here when it is read: all that is read is read at Loki. */
function openForgetful(url: string | null = null): LogStore {
  const forgetful = open(url ?? strict.url);
  return {
    ...forgetful.logs,
    async read(query, options) {
      await forgetful.untilHandedOver();
      await forgetful.forget();
      return await forgetful.logs.read(query, options);
    },
  };
}

logStoreContract('a log that is handed over to Loki', async () => open().logs);
logStoreContract('a log that is read at Loki', async () => openForgetful());
if (REAL !== null) logStoreContract('a log that is read at a real Loki', async () => openForgetful(REAL));

async function messages({ logs }: Pick<OpenLogs, 'logs'>, query: Partial<LogQuery> = {}): Promise<readonly string[]> {
  const seen: string[] = [];
  const { direction = 'forward', limit = 500 } = query;
  for (let from: number | null = query.from ?? null; ; ) {
    const page = await logs.read({ ...query, direction, from, limit }, { signal: UNSTOPPED });
    expect(page.lines.length).toBeLessThanOrEqual(limit);
    seen.push(...page.lines.map(({ message }) => message));
    from = page.reached;
    if (page.isAtEnd) return seen;
  }
}

describe.each(REAL === null ? ['strict'] : ['strict', 'real'])('what is read, at a %s Loki,', (kind) => {
  const url = (): string => (kind === 'real' && REAL !== null ? REAL : strict.url);

  it('goes on here where it ends at Loki, in both directions, each line once', async () => {
    await using opened = open(url());
    const all = Array.from({ length: 60 }, (_, index) => `line ${index}`);
    for (const part of [all.slice(0, 20), all.slice(20, 40)]) {
      await opened.logs.append(part.map((message) => line(message)));
      await opened.untilHandedOver();
      if (part[0] === 'line 0') await opened.forget();
    }
    await opened.logs.append(all.slice(40).map((message) => line(message)));

    for (const limit of [7, 20, 500]) {
      expect(await messages(opened, { limit })).toEqual(all);
      expect(await messages(opened, { limit, direction: 'backward' })).toEqual(all.toReversed());
    }
  });

  it('is more than one answer of Loki holds, in both directions', async () => {
    await using opened = open(url());
    const all = Array.from({ length: 6_000 }, (_, index) => `line ${index}`);
    for (let at = 0; at < all.length; at += 1_000)
      await opened.logs.append(all.slice(at, at + 1_000).map((message) => line(message)));
    await opened.untilHandedOver();
    await opened.forget();

    expect(await messages(opened, { limit: 5_500 })).toEqual(all);
    expect(await messages(opened, { limit: 5_500, direction: 'backward' })).toEqual(all.toReversed());
    expect(await messages(opened, { phrases: [['line', '4321']] })).toEqual(['line 4321']);
  });

  it('is all there however long lines are', async () => {
    await using opened = open(url());
    const short = Array.from({ length: 300 }, (_, index) => `line ${index}`);
    const long = Array.from({ length: 600 }, (_, index) => `long ${index} ${'x'.repeat(16_000)}`);
    const all = [...short, ...long, ...short];
    for (let at = 0; at < all.length; at += 100)
      await opened.logs.append(all.slice(at, at + 100).map((message) => line(message)));
    await opened.untilHandedOver();
    await opened.forget();

    expect(await messages(opened)).toEqual(all);
    expect(await messages(opened, { direction: 'backward' })).toEqual(all.toReversed());
  });

  it.each(['ann"} or {x="', 'a\\', '`b`', 'c\n| d', 'e"', '\u0000', '\ud800', '| f = "g"', '{{.h}}', '💾'])(
    'finds lines of %j as text, and no others',
    async (owner) => {
      await using opened = open(url());
      await opened.logs.append([line('mine', { owner }), line('of others', { vmId: OTHER })]);
      await opened.untilHandedOver();
      await opened.forget();

      expect(await messages(opened, { owner })).toEqual(['mine']);
    },
  );

  it('is shown as it comes to whoever tails Loki', async () => {
    const installation = `test-${process.pid}-${NOON}-tailed`;
    await using opened = openLogs({ directory, url: url(), installation });
    const query = new URLSearchParams({ query: `{service_name="volary", installation="${installation}"}` });
    const socket = new WebSocket(`${url().replace('http', 'ws')}/loki/api/v1/tail?${query}`);
    const seen: string[] = [];
    socket.addEventListener('message', ({ data }) => {
      const { streams }: { streams: { values: [string, string][] }[] } = JSON.parse(String(data));
      seen.push(...streams.flatMap(({ values }) => values.map(([, message]) => message)));
    });
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    const all = ['one', 'two', 'three'];
    for (const message of all) {
      await opened.logs.append([line(message)]);
      await until(() => seen.includes(message));
    }
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
    socket.close();
    await closed;

    expect(seen).toEqual(all);
  });

  it('has what a line had, however strange', async () => {
    await using opened = open(url());
    const strange = line('\t"{}\\ \u0007 ü 💾', {
      fields: { deep: [{ a: null }], text: 'x\n"' },
      marks: ['truncated', 'gap'],
      ...{ level: 'error', source: 'stderr', at: NOON - 1_234, executionId: 'exec_1', operationId: 'op_1' },
    });
    const sequence = await opened.logs.append([strange]);
    await opened.untilHandedOver();
    await opened.forget();

    const { lines } = await opened.logs.read({ direction: 'forward', from: null, limit: 10 }, { signal: UNSTOPPED });

    expect(lines).toEqual([{ ...strange, sequence }]);
  });
});

it('what is taken anew after the log here was lost comes behind what Loki had before', async () => {
  const installation = `test-${process.pid}-${NOON}-lost`;
  const loki = await startStrictLoki();
  {
    await using before = openLogs({ directory, url: loki.url, installation });
    await before.logs.append([line('before', { at: NOON }), line('before too', { at: Date.now() })]);
    await before.untilHandedOver();
  }
  rmSync(directory, { recursive: true });
  directory = mkdtempSync(join(tmpdir(), 'volary-loki-'));
  {
    await using opened = openLogs({ directory, url: loki.url, installation });
    await opened.logs.append([line('once more', { at: NOON }), line('after', { at: Date.now() })]);
    await opened.untilHandedOver();

    const all = ['before', 'before too', 'once more', 'after'];
    expect(await messages(opened)).toEqual(all);
    expect(await messages(opened, { direction: 'backward', limit: 3 })).toEqual(all.toReversed());
    await opened.forget();
    expect(await messages(opened, { limit: 3 })).toEqual(all);
    expect(await messages(opened, { untilMs: NOON + 1 })).toEqual(['before', 'once more']);
  }
  await loki[Symbol.asyncDispose]();
});

it('what was in a log here that is put aside is read at Loki at once', async () => {
  const installation = `test-${process.pid}-${NOON}-${count++}`;
  const openAgain = () => openLogs({ directory, url: strict.url, installation });
  {
    await using opened = openAgain();
    await opened.logs.append([line('one'), line('two')]);
    await opened.untilHandedOver();
  }
  await using opened = openAgain();
  expect(await messages(opened)).toEqual(['one', 'two']);
  damageTable(join(directory, 'logs.db'), 'lines');

  await opened.logs.append([line('three')]);

  expect(await messages(opened)).toEqual(['one', 'two', 'three']);
});

describe('while Loki is away', () => {
  let away: StrictLoki;
  beforeEach(async () => {
    away = await startStrictLoki();
  });
  afterEach(() => away[Symbol.asyncDispose]());

  it('what is kept here is read as ever, and it is said where older lines may be missing', async () => {
    await using opened = open(away.url);
    await opened.logs.append([line('old', { at: NOON })]);
    await opened.untilHandedOver();
    await opened.forget();
    const { atMs } = await opened.local.keptFrom();
    await opened.logs.append([line('new', { at: atMs + 1 }), line('newer', { at: atMs + 2, vmId: OTHER })]);
    await away.stop();

    const read = (query: Partial<LogQuery>) =>
      opened.logs.read({ direction: 'forward', from: null, limit: 10, ...query }, { signal: UNSTOPPED });
    const forward = await read({});
    expect(forward.lines.map(({ message, marks }) => [message, marks])).toEqual([
      [
        expect.stringMatching(
          /may be at Loki, which cannot be asked now: the connection was (?:refused|broken off)\.$/,
        ),
        ['gap'],
      ],
      ['new', []],
      ['newer', []],
    ]);
    const backward = await read({ direction: 'backward', vmId: VM });
    expect(backward.lines.map(({ marks }) => marks)).toEqual([[], ['gap']]);
    expect((await read({ sinceMs: atMs })).lines.map(({ message }) => message)).toEqual(['new', 'newer']);

    await away.start();
    expect(await messages(opened)).toEqual(['old', 'new', 'newer']);
  });

  it('nobody waits for it longer than they want to, and lines are handed over meanwhile', async () => {
    await using opened = open(away.url);
    await opened.logs.append([line('old')]);
    await opened.untilHandedOver();
    await opened.forget();
    away.fail({ questions: 0 });
    const enough = new Error('enough');
    const stop = new AbortController();
    const all = { direction: 'forward', from: null, limit: 10 } as const;
    const reading = Array.from({ length: 20 }, () => opened.logs.read(all, { signal: stop.signal }));
    const outcomes = Promise.allSettled(reading);
    await until(() => away.unanswered === 8);
    await opened.logs.append([line('new')]);
    await opened.untilHandedOver();
    stop.abort(enough);

    for (const outcome of await outcomes) expect(outcome).toEqual({ status: 'rejected', reason: enough });
    expect(entriesOf(away).map((entry) => entry.line)).toEqual(['old', 'new']);
  });

  it('and takes too long for an answer, that is said in place of the lines, and what it says itself in the log alone', async () => {
    await using opened = openLogs({ directory, url: away.url, answerMs: 50 });
    await opened.logs.append([line('old')]);
    await opened.untilHandedOver();
    await opened.forget();
    const messageOf = async (): Promise<string | undefined> => {
      const page = await opened.logs.read({ direction: 'forward', from: null, limit: 10 }, { signal: UNSTOPPED });
      return page.lines[0]?.message;
    };
    away.fail({ questions: 0 });
    expect(await messageOf()).toMatch(/cannot be asked now: it did not answer in time\.$/);
    away.fail({ status: 502, body: 'no route to 10.1.2.3' });
    expect(await messageOf()).toMatch(/cannot be asked now: it answers with 502 \(something is wrong with it\)\.$/);
    await messageOf();

    const told = opened.told.filter(([message]) => message === 'Loki cannot be asked for lines');
    expect(told.map(([, { said }]) => said)).toEqual([null, 'no route to 10.1.2.3']);
    away.fail(null);
    expect(await messageOf()).toBe('old');
  });

  it('before it has answered all, what it has answered is there, and the rest once it answers', async () => {
    await using opened = openLogs({ directory, url: away.url, answerMs: 2_000 });
    const all = Array.from({ length: 4_500 }, (_, index) => `line ${index}`);
    const last = await opened.logs.append(all.map((message) => line(message)));
    await opened.untilHandedOver();
    await opened.forget();
    away.fail({ questions: 1 });
    const everything = { direction: 'forward', from: null, limit: 4_500 } as const;
    const page = await opened.logs.read(everything, { signal: UNSTOPPED });

    expect(page.lines.length).toBeGreaterThan(0);
    expect(page).toMatchObject({ reached: last - all.length + page.lines.length, isAtEnd: false });
    away.fail(null);
    const rest = await messages(opened, { from: page.reached });
    expect([...page.lines.map(({ message }) => message), ...rest]).toEqual(all);
  });

  it('gives nobody lines of others, whatever it answers', async () => {
    await using opened = open(away.url);
    await opened.logs.append([line('of bob', { owner: 'bob', source: 'server', level: 'info' })]);
    await opened.untilHandedOver();
    await opened.forget();
    const { from, ...all } = { direction: 'forward', from: null, limit: 10 } as const;
    const { lines } = await opened.logs.read({ ...all, from }, { signal: UNSTOPPED });
    expect(lines).toHaveLength(1);
    const [entry] = entriesOf(away);
    const stream = { ...[...away.streams.values()][0]?.labels, ...entry?.metadata };
    const body = JSON.stringify({ data: { result: [{ stream, values: [[String(entry?.time), 'of bob']] }] } });
    away.fail({ status: 200, body });

    for (const query of [{ owner: 'ann' }, { vmId: OTHER }, { sources: ['engine'] }, { minLevel: 'warn' }] as const)
      expect((await opened.logs.read({ ...all, from, ...query }, { signal: UNSTOPPED })).lines).toEqual([]);
  });

  it.each([
    { status: 500 },
    { status: 200, body: '<html>' },
    { status: 302 },
    { status: 200, body: '{"data":{"result":[{"stream":{},"values":[["x","y"]]}]}}' },
    { status: 200, body: '{"data":{"result":[{"stream":{},"values":[["5","y"]]}]}}' },
  ] as const)('and something else answers %j in its place, it is the same', async (fault) => {
    await using opened = open(away.url);
    await opened.logs.append([line('old')]);
    await opened.untilHandedOver();
    await opened.forget();
    away.fail(fault);

    const { lines } = await opened.logs.read({ direction: 'forward', from: null, limit: 10 }, { signal: UNSTOPPED });

    expect(lines.map(({ marks }) => marks)).toEqual([['gap']]);
  });
});
