import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LogQuery } from '../../../domain/logs/log-query.ts';
import { line, logStoreContract, NOON, OTHER, VM } from '../../../ports/log-store.contract.ts';
import type { LogStore } from '../../../ports/log-store.ts';
import { entriesOf, type OpenLogs, openLogs } from './testing/open-logs.ts';
import { type StrictLoki, startStrictLoki } from './testing/strict-loki.ts';

/** A real Loki, where there is one: everything here is asked of it too. */
const REAL = process.env['VOLARY_TEST_LOKI_URL'] ?? null;
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
function openForgetful(url = strict.url): LogStore {
  const forgetful = open(url);
  return {
    ...forgetful.logs,
    async read(query) {
      await forgetful.untilHandedOver();
      await forgetful.forget();
      return await forgetful.logs.read(query);
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
    const page = await logs.read({ ...query, direction, from, limit });
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

    const { lines } = await opened.logs.read({ direction: 'forward', from: null, limit: 10 });

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
      opened.logs.read({ direction: 'forward', from: null, limit: 10, ...query });
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

  it('gives nobody lines of others, whatever it answers', async () => {
    await using opened = open(away.url);
    await opened.logs.append([line('of bob', { owner: 'bob', source: 'server', level: 'info' })]);
    await opened.untilHandedOver();
    await opened.forget();
    const { from, ...all } = { direction: 'forward', from: null, limit: 10 } as const;
    const { lines } = await opened.logs.read({ ...all, from });
    expect(lines).toHaveLength(1);
    const [entry] = entriesOf(away);
    const stream = { ...[...away.streams.values()][0]?.labels, ...entry?.metadata };
    const body = JSON.stringify({ data: { result: [{ stream, values: [[String(entry?.time), 'of bob']] }] } });
    away.fail({ status: 200, body });

    for (const query of [{ owner: 'ann' }, { vmId: OTHER }, { sources: ['engine'] }, { minLevel: 'warn' }] as const)
      expect((await opened.logs.read({ ...all, from, ...query })).lines).toEqual([]);
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

    const { lines } = await opened.logs.read({ direction: 'forward', from: null, limit: 10 });

    expect(lines.map(({ marks }) => marks)).toEqual([['gap']]);
  });
});
