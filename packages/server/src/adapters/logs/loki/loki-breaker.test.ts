import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogPage, LogQuery } from '../../../domain/logs/log-query.ts';
import { line, NOON, OTHER, UNBOUNDED, UNSTOPPED, VM } from '../../../ports/log-store.contract.ts';
import { createManualClock, type ManualClock } from '../../shared/manual-clock.ts';
import { type OpenLogs, openLogs, until } from './testing/open-logs.ts';
import { type StrictLoki, startStrictLoki } from './testing/strict-loki.ts';

const REST_MS = 10_000;
let directory: string;
let clock: ManualClock;
let loki: StrictLoki;
let opened: OpenLogs;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'volary-loki-'));
  clock = createManualClock({ startsAt: Date.now() });
  loki = await startStrictLoki({ nowMs: () => clock.now() });
  opened = openLogs({ directory, url: loki.url, clock, answerMs: 1_000, restMs: REST_MS });
});
afterEach(async () => {
  await opened[Symbol.asyncDispose]();
  await loki[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** Lines of one VM that says too much, between others of another, are at Loki alone. */
async function fill(): Promise<void> {
  const at = clock.now() + 60_000;
  const quiet = Array.from({ length: 300 }, (_, nth) => line(`quiet ${nth}`, { at, vmId: OTHER, owner: 'bob' }));
  await opened.logs.append([line('loud first', { at: NOON - 1 }), ...quiet]);
  await opened.logs.append(
    Array.from({ length: 400 }, (_, nth) => line(`loud ${nth} ${'x'.repeat(100)}`, { at: at + nth })),
  );
  const handed = opened.untilHandedOver();
  await until(() => clock.sleeperCount > 0);
  await clock.advance(1_000);
  await handed;
  await opened.logs.prune({ ...UNBOUNDED, maxBytesPerVm: 30_000 });
}

async function read(query: Partial<LogQuery> = {}): Promise<LogPage> {
  return await opened.logs.read({ direction: 'forward', from: null, limit: 20, ...query }, { signal: UNSTOPPED });
}

async function readAll(query: Partial<LogQuery> = {}): Promise<readonly (readonly string[])[]> {
  const lines: (readonly string[])[] = [];
  for (let from: number | null = null; ; ) {
    const page: LogPage = await read({ ...query, from });
    lines.push(...page.lines.map(({ message, marks }) => (marks.includes('gap') ? ['gap'] : [message])));
    from = page.reached;
    if (page.isAtEnd) return lines;
  }
}

const gapsIn = (lines: readonly (readonly string[])[]): number => lines.filter(([first]) => first === 'gap').length;

describe('a Loki that hangs', () => {
  it('is not noticed by whoever reads lines of a VM or an owner that are all kept here', async () => {
    await fill();
    const before = loki.questions;
    loki.fail('silence');

    // What was before the file here was made may be at Loki.
    const sinceMs = clock.now() + 59_000;
    for (const subject of [{ vmId: OTHER }, { owner: 'bob' }, { vmId: OTHER, owner: 'bob' }] as const) {
      const query = { ...subject, sinceMs };
      expect(await readAll(query)).toHaveLength(300);
      expect(await readAll({ ...query, direction: 'backward' })).toHaveLength(300);
    }
    expect(loki.questions).toBe(before);
    expect(gapsIn(await readAll({ vmId: VM, sinceMs }))).toBe(1);
    expect(loki.questions).toBe(before + 1);
  });

  it.each(['forward', 'backward'] as const)(
    'is waited for once by whoever reads many pages, and told to them once (%s)',
    async (direction) => {
      await fill();
      const before = loki.questions;
      // It still answers whatever costs it nothing.
      loki.fail({ questions: 0 });
      const lines = await readAll({ direction });

      expect(gapsIn(lines)).toBe(1);
      expect(lines.length).toBeGreaterThan(300);
      expect(loki.questions - before).toBe(1);
    },
  );

  it('is asked by nobody for a while, and then by one at a time until it is back', async () => {
    await fill();
    loki.fail('silence');
    await read();
    const sees = async (): Promise<number> => gapsIn((await read()).lines.map(({ marks }) => [...marks]));
    // Until it has been found out that it answers nothing at all.
    for (let asked = -1; asked !== loki.questions; ) {
      asked = loki.questions;
      expect(await sees()).toBe(1);
    }
    const asked = loki.questions;
    for (let reader = 0; reader < 20; reader++) expect(await sees()).toBe(1);
    expect(loki.questions).toBe(asked);

    await clock.advance(REST_MS);
    await Promise.all(Array.from({ length: 20 }, sees));
    expect(loki.questions).toBe(asked + 1);

    loki.fail(null);
    await clock.advance(REST_MS);
    expect((await read()).lines[0]?.message).toBe('loud first');
    expect((await read()).lines[0]?.message).toBe('loud first');
  });

  it('and is back has its lines in the next page of whoever was told', async () => {
    await fill();
    loki.fail({ questions: 0 });
    const first = await read();
    loki.fail(null);
    expect((await read({ from: first.reached, limit: 5 })).lines.map(({ marks }) => marks)).toEqual([
      [],
      [],
      [],
      [],
      [],
    ]);
    await clock.advance(REST_MS);
    const all = await readAll({ from: first.reached, limit: 1_000 });

    expect(gapsIn(all)).toBe(0);
    expect(all.some(([message]) => message?.startsWith('loud 0 '))).toBe(true);
  });
});
