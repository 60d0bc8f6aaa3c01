import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLogFile } from '../packages/server/src/adapters/logs/sqlite/log-file.ts';
import { openSqliteLogs } from '../packages/server/src/adapters/logs/sqlite/sqlite-logs.ts';
import { createPinoLog } from '../packages/server/src/adapters/system/pino-log.ts';
import { type ExecutionId, idFromUuid, type VmId } from '../packages/server/src/domain/ids.ts';
import type { LogFilter } from '../packages/server/src/domain/logs/log-query.ts';
import type { LogStore } from '../packages/server/src/ports/log-store.ts';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import { median, quantile } from './lib/stats.ts';

const LINES = 1_000_000;
const VMS = 10;
const AT_ONCE = 500;
const SEARCHES = 40;
/** Lines that are followed one by one. */
const FOLLOWED = 500;
const BEGAN = Date.UTC(2026, 0, 1);
const WORDS = ['request', 'served', 'cache', 'miss', 'user', 'connection', 'timeout', 'worker', 'queue', 'retry'];
const log = createPinoLog({ level: 'error' });

/** What the log costs: lines into it, words out of it, and a line on its way to who follows. */
export const logs: Benchmark = {
  name: 'logs',
  about: `${LINES} lines of ${VMS} VMs into the log in pieces of ${AT_ONCE}, beside the same lines into a bare table and its index of words by the same number in each transaction; ${SEARCHES} searches of each kind; ${FOLLOWED} lines, each from its writing until it has been read again; half of all dropped by their age`,
  async run(say) {
    const directory = mkdtempSync(join(tmpdir(), 'volary-bench-logs-'));
    try {
      say('into a bare table');
      const bare = await bareLinesPerSecond(join(directory, 'bare.db'));
      await using store = openSqliteLogs(join(directory, 'logs.db'), { log });
      say('into the log');
      const kept = await linesPerSecond(store);
      say('searches');
      const figures = await searches(store);
      say('following');
      return [
        {
          name: 'lines into the log',
          value: kept,
          unit: '/s',
          bound: { kind: 'at least', value: 20_000, of: 'value' },
        },
        {
          name: 'lines into the log',
          value: kept,
          unit: '/s',
          reference: { name: 'into a bare table with an index of words', value: bare },
          bound: { kind: 'at least', value: 0.5, of: 'ratio' },
        },
        ...figures,
        await following(store),
        ...(await pruning(store, say)),
      ];
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

function textOf(number: number): string {
  const [first = '', second = ''] = [WORDS[number % WORDS.length], WORDS[(number * 7 + 3) % WORDS.length]];
  return `INFO ${first} ${second} id=${number} took ${number % 97} ms`;
}

function vmOf(place: number): VmId {
  return idFromUuid('vm', `01900000-0000-7000-8000-${String(place).padStart(12, '0')}`);
}

const EXECUTION: ExecutionId = idFromUuid('exec', '01900000-0000-7000-8000-000000000000');

async function linesPerSecond(store: LogStore): Promise<number> {
  const offsets = Array.from({ length: VMS }, () => 0);
  const began = performance.now();
  for (let done = 0; done < LINES; done += VMS * AT_ONCE) {
    const taking = offsets.map(async (offset, place) => {
      const first = done + place * AT_ONCE;
      const bytes = Buffer.from(Array.from({ length: AT_ONCE }, (_, at) => `${textOf(first + at)}\n`).join(''));
      offsets[place] = offset + bytes.length;
      await store.appendOutput({
        ...{ key: `output:${place}`, source: 'stdout', vmId: vmOf(place), owner: 'admin', executionId: EXECUTION },
        ...{ at: BEGAN + first, offset, bytes, isEnd: false },
      });
    });
    await Promise.all(taking);
  }
  return LINES / ((performance.now() - began) / 1_000);
}

/** The physical limit: what SQLite itself makes of it in this thread, with the text ready. */
async function bareLinesPerSecond(path: string): Promise<number> {
  const database = openLogFile(path);
  database.exec('CREATE TABLE bare (id INTEGER PRIMARY KEY, at INTEGER, vm INTEGER, message TEXT)');
  database.exec("CREATE VIRTUAL TABLE bare_words USING fts5(message, content='', tokenize='unicode61')");
  const insert = database.prepare('INSERT INTO bare (at, vm, message) VALUES (?, ?, ?)');
  const index = database.prepare('INSERT INTO bare_words (rowid, message) VALUES (?, ?)');
  const count = LINES / 4;
  const began = performance.now();
  for (let done = 0; done < count; done += AT_ONCE) {
    database.exec('BEGIN');
    for (let at = done; at < done + AT_ONCE; at++) {
      const text = textOf(at);
      insert.run([at, at % VMS, text]);
      index.run([at + 1, text]);
    }
    database.exec('COMMIT');
  }
  const seconds = (performance.now() - began) / 1_000;
  database.close();
  return count / seconds;
}

async function searches(store: LogStore): Promise<readonly Figure[]> {
  const middle = BEGAN + LINES / 2;
  const kinds: Readonly<Record<string, LogFilter>> = {
    'a word, a VM and a time': { phrases: [['timeout']], vmId: vmOf(3), sinceMs: middle, untilMs: middle + LINES / 4 },
    'a word that is there once': { phrases: [[`${LINES - 7}`]] },
    'two words that follow one another nowhere': { phrases: [['ms', 'took']], vmId: vmOf(3) },
    'a level that nothing has': { minLevel: 'error' },
  };
  const { signal } = new AbortController();
  const figures: Figure[] = [];
  for (const [name, filter] of Object.entries(kinds)) {
    const times: number[] = [];
    for (let round = 0; round < SEARCHES; round++) {
      const began = performance.now();
      await store.read(
        { ...filter, direction: round % 2 === 0 ? 'forward' : 'backward', from: null, limit: 100 },
        { signal },
      );
      times.push(performance.now() - began);
    }
    const judged =
      name === 'a word, a VM and a time' ? { bound: { kind: 'at most', value: 200, of: 'value' } as const } : {};
    figures.push({
      name: `search for ${name}, of ${LINES} lines, p95`,
      value: quantile(times, 0.95),
      unit: 'ms',
      ...judged,
    });
  }
  return figures;
}

/** What comes in all the time has to go at the same rate some day, and nobody may be kept waiting by it. */
async function pruning(store: LogStore, say: (message: string) => void): Promise<readonly Figure[]> {
  say('dropping half of them');
  let longestMs = 0;
  const isOver = new AbortController();
  const asking = (async () => {
    while (!isOver.signal.aborted) {
      const began = performance.now();
      await store.cursor('output:followed');
      longestMs = Math.max(longestMs, performance.now() - began);
      await sleep(1);
    }
  })();
  const began = performance.now();
  const kept = { maxBytesPerVm: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };
  await store.prune({ ...kept, beforeMs: BEGAN + LINES / 2 });
  const seconds = (performance.now() - began) / 1_000;
  isOver.abort();
  await asking;
  return [
    {
      name: 'lines dropped from the log',
      value: LINES / 2 / seconds,
      unit: '/s',
      bound: { kind: 'at least', value: 20_000, of: 'value' },
    },
    { name: 'who writes meanwhile waits at most', value: longestMs, unit: 'ms' },
  ];
}

async function following(store: LogStore): Promise<Figure> {
  const vmId = vmOf(VMS);
  const { signal } = new AbortController();
  const times: number[] = [];
  let offset = 0;
  let from = await store.last();
  for (let round = 0; round < FOLLOWED; round++) {
    const bytes = Buffer.from(`tick ${round}\n`);
    const began = performance.now();
    await store.appendOutput({
      ...{ key: 'output:followed', source: 'stdout', vmId, owner: 'admin', executionId: EXECUTION },
      ...{ at: BEGAN + LINES, offset, bytes, isEnd: false },
    });
    const page = await store.read({ vmId, direction: 'forward', from, limit: 100 }, { signal });
    times.push(performance.now() - began);
    if (page.lines.length !== 1) throw new Error('a line that was written is not there');
    from = page.reached;
    offset += bytes.length;
  }
  return {
    name: `a line until it is read again, median ${median(times).toFixed(1)} ms, p99`,
    value: quantile(times, 0.99),
    unit: 'ms',
    bound: { kind: 'at most', value: 50, of: 'value' },
  };
}
