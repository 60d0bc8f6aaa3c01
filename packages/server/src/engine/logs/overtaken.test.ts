import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../adapters/bus/memory-bus.ts';
import { openSqliteLogs } from '../../adapters/logs/sqlite/sqlite-logs.ts';
import { createSqliteStore } from '../../adapters/stores/sqlite/sqlite-store.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import type { VmId } from '../../domain/ids.ts';
import type { LogLine, NewLogLine } from '../../domain/logs/log-line.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { LogStore } from '../../ports/log-store.ts';
import type { Store } from '../../ports/store.ts';
import { sampleVm } from '../../ports/store-contract/samples.contract.ts';
import type { LogApi, LogSelection } from '../apis/log-api.ts';
import { ADMIN, principalWith } from '../principals.test-kit.ts';
import { createLogQueries } from './log-queries.ts';

const QUIET = sampleVm(1);
const LOUD = sampleVm(2);
/** Nothing of this has to go. */
const ROOM = { beforeMs: 0, maxBytesPerVm: 2 ** 40, maxBytes: 2 ** 40 };

let dir: string;
let store: Store;
let logs: LogStore;
let queries: LogApi;
let stop: AbortController;
/** The number before that of the first line, which is 1 in what follows. */
let base: number;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'volary-test-overtaken-'));
  const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
  store = await createSqliteStore({ path: join(dir, 'volary.db') });
  logs = openSqliteLogs(join(dir, 'logs.db'), { log, writer: 'here' });
  const clock = createSystemClock();
  queries = createLogQueries({ store, logs, logArchive: null, bus: createMemoryBus({ log }), clock });
  stop = new AbortController();
  base = await logs.last();
  for (const vm of [QUIET, LOUD]) await store.vms.insert(vm);
});
afterEach(async () => {
  stop.abort(new DOMException('enough', 'AbortError'));
  await logs[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

/** The times of lines are their numbers, so that what comes before one of them can be dropped. */
async function say(count: number, vmId: VmId = QUIET.id, message = 'a line'): Promise<void> {
  const last = (await logs.last()) - base;
  const about = {
    source: 'stdout',
    level: 'info',
    vmId,
    owner: 'admin',
    operationId: null,
    executionId: null,
  } as const;
  const lines = Array.from({ length: count }, (_, at): NewLogLine => {
    return { ...about, at: last + at + 1, message, fields: {}, marks: [] };
  });
  await logs.append(lines);
}

const shown = (lines: readonly LogLine[]) =>
  lines.map(({ sequence, marks }) => (marks.includes('gap') ? `gap ${sequence - base}` : sequence - base));

async function follow(selection: LogSelection, after: number): Promise<AsyncIterator<readonly LogLine[]>> {
  const feed = await queries.follow(ADMIN, selection, {
    after: after === 0 ? 0 : base + after,
    tail: null,
    signal: stop.signal,
  });
  return feed[Symbol.asyncIterator]();
}

async function take(feed: AsyncIterator<readonly LogLine[]>, until: number) {
  const lines: LogLine[] = [];
  while ((lines.at(-1)?.sequence ?? 0) < base + until) lines.push(...((await feed.next()).value ?? []));
  return shown(lines);
}

describe('whoever reads', () => {
  it('is told where lines after its place were dropped, once, and goes on behind them', async () => {
    await say(8);
    await logs.prune({ ...ROOM, beforeMs: 6 });

    const feed = await follow({}, 3);

    expect(await take(feed, 8)).toEqual(['gap 3', 6, 7, 8]);
    await say(1);
    expect(await take(feed, 9)).toEqual([9]);
  });

  it('of an export that goes on after a line is told where lines were dropped, once', async () => {
    await say(8);
    await logs.prune({ ...ROOM, beforeMs: 6 });
    const exported = async (after: number | null) => {
      const seen: LogLine[] = [];
      const options = { after: after === null ? null : base + after, signal: stop.signal };
      for await (const lines of await queries.export(ADMIN, {}, options)) seen.push(...lines);
      return shown(seen);
    };

    expect(await exported(3)).toEqual(['gap 3', 6, 7, 8]);
    expect(await exported(6)).toEqual([7, 8]);
    expect(await exported(null)).toEqual([6, 7, 8]);
  });

  it('from the beginning is not told on a later page of what was dropped before it began', async () => {
    await say(600);
    await say(600, LOUD.id);
    await say(2);
    await logs.prune({ ...ROOM, maxBytesPerVm: 64 * 550 });

    const feed = await follow({}, 0);

    expect((await take(feed, 1202)).filter((each) => typeof each === 'string')).toEqual([]);
  });

  it('is told when it is overtaken between two pages', async () => {
    await say(600);
    const feed = await follow({ vm: QUIET.id }, 1);
    expect(shown((await feed.next()).value ?? []).at(-1)).toBe(501);

    await logs.prune({ ...ROOM, beforeMs: 599 });

    expect(await take(feed, 600)).toEqual(['gap 501', 599, 600]);
  });

  it.each([0, 5, 7])('is told nothing where nothing after its place was dropped: %i', async (after) => {
    await say(8);
    await logs.prune({ ...ROOM, beforeMs: 6 });

    expect(await take(await follow({}, after), 8)).toEqual([6, 7, 8].filter((sequence) => sequence > after));
  });

  it('of a VM is told nothing where only lines of another one were dropped', async () => {
    await say(1);
    await say(8, LOUD.id, 'x'.repeat(1_000));
    await say(1);
    await logs.prune({ ...ROOM, maxBytesPerVm: 3_500 });

    expect(await take(await follow({ vm: QUIET.id }, 1), 10)).toEqual([10]);
    expect(await take(await follow({ vm: LOUD.id }, 1), 9)).toEqual(['gap 1', 7, 8, 9]);
    expect(await take(await follow({}, 1), 10)).toEqual(['gap 1', 7, 8, 9, 10]);
  });

  /** All lines behind that one, page by page. */
  async function pages(
    principal: Principal,
    selection: LogSelection,
    { after, limit }: Record<'after' | 'limit', number>,
  ) {
    const seen: LogLine[] = [];
    for (let from = base + after; ; ) {
      const page = { direction: 'forward', from, limit, signal: stop.signal } as const;
      const { lines, reached, isAtEnd } = await queries.list(principal, selection, page);
      expect(lines.length).toBeLessThanOrEqual(limit);
      seen.push(...lines);
      if (isAtEnd) return shown(seen);
      expect(reached).toBeGreaterThan(from);
      from = reached;
    }
  }

  it('of one owner is told where lines of one of their VMs were dropped, though older ones of another are kept', async () => {
    await say(3);
    await say(8, LOUD.id, 'x'.repeat(1_000));
    await say(1);
    await logs.prune({ ...ROOM, maxBytesPerVm: 3_500 });
    const own = principalWith('admin', 'log:read@own');

    expect(await pages(own, {}, { after: 1, limit: 10 })).toEqual([2, 3, 'gap 3', 9, 10, 11, 12]);
    expect(await pages(own, {}, { after: 1, limit: 3 })).toEqual([2, 3, 'gap 8', 9, 10, 11, 12]);
    expect(await pages(ADMIN, {}, { after: 1, limit: 10 })).toEqual([2, 3, 'gap 3', 9, 10, 11, 12]);
    expect(await pages(own, {}, { after: 1, limit: 2 })).toEqual([2, 3, 'gap 3', 9, 10, 11, 12]);
    expect(await pages(own, {}, { after: 9, limit: 10 })).toEqual([10, 11, 12]);
    expect(await pages(own, { vm: QUIET.id }, { after: 1, limit: 10 })).toEqual([2, 3, 12]);
    expect(await pages(principalWith('bob', 'log:read@own'), {}, { after: 1, limit: 10 })).toEqual([]);
  });

  it('one line at a time is told as well, once', async () => {
    await say(8);
    await logs.prune({ ...ROOM, beforeMs: 6 });

    expect(await pages(ADMIN, {}, { after: 3, limit: 1 })).toEqual(['gap 5', 6, 7, 8]);
    expect(await pages(ADMIN, { vm: QUIET.id }, { after: 3, limit: 1 })).toEqual(['gap 5', 6, 7, 8]);
  });

  it('is told in a page as well, which has no more lines than it asked for', async () => {
    await say(8);
    await logs.prune({ ...ROOM, beforeMs: 6 });
    const page = async (from: number, limit: number) => {
      const found = await queries.list(
        ADMIN,
        {},
        { direction: 'forward', from: base + from, limit, signal: stop.signal },
      );
      return [...shown(found.lines), found.reached - base];
    };

    expect(await page(3, 10)).toEqual(['gap 3', 6, 7, 8, 8]);
    expect(await page(3, 3)).toEqual(['gap 3', 6, 7, 7]);
    expect(await page(7, 3)).toEqual([8, 8]);
  });
});
