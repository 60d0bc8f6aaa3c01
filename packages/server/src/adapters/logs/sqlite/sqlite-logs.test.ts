import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PAGE_CHARACTERS } from '../../../domain/logs/log-query.ts';
import { logPruningContract } from '../../../ports/log-pruning.contract.ts';
import { line, logStoreContract, output, UNBOUNDED, UNSTOPPED } from '../../../ports/log-store.contract.ts';
import { createCheckpoints } from '../../shared/checkpoints.ts';
import { damageTable } from '../../shared/damage-file.fixture.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { openSqliteLogs } from './sqlite-logs.ts';

const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
const ALL = { direction: 'forward', from: null, limit: 100 } as const;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-logs-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const WRITERS = ['here', 'thread', 'here-first'] as const;
for (const writer of WRITERS) {
  const open = async () => openSqliteLogs(join(directory, 'logs.db'), { log, writer });
  logStoreContract(`SQLite (${writer})`, open);
  logPruningContract(`SQLite (${writer})`, open);
}

test('who moves to a thread of its own amid what is written loses nothing, doubles nothing, and keeps the order', async () => {
  await using logs = openSqliteLogs(join(directory, 'logs.db'), { log });
  const wanted = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
  const lasts = await Promise.all(wanted.map((message) => logs.append([line(message)])));

  expect(lasts).toEqual(lasts.toSorted((one, other) => one - other));
  const { lines } = await logs.read({ ...ALL, limit: 1_000 }, { signal: UNSTOPPED });
  expect(lines.map(({ message }) => message)).toEqual(wanted);
});

test('lines are there, each once, while another thread moves them into the file, and when a thread of its own goes on', async () => {
  const path = join(directory, 'logs.db');
  await using checkpoints = createCheckpoints({ log }, { pages: 20 });
  await using logs = openSqliteLogs(path, { log, checkpoints });
  const all = Array.from({ length: 200 }, (_, index) => `line ${index}`);
  for (const message of all) {
    await logs.append([line(message)]);
    await nextTurn();
  }
  // As much within a second as this thread does not do by itself.
  const many = Array.from({ length: 600 }, (_, index) => `many ${index}`);
  await logs.append(many.map((message) => line(message)));

  const { lines } = await logs.read({ ...ALL, limit: 1_000 }, { signal: UNSTOPPED });
  expect(lines.map(({ message }) => message)).toEqual([...all, ...many]);
});

test('what was said is there after a restart, and goes on', async () => {
  const path = join(directory, 'logs.db');
  {
    await using logs = openSqliteLogs(path, { log });
    await logs.append([line('before')]);
    await logs.appendOutput(output('one\ntw'));
  }
  await using logs = openSqliteLogs(path, { log });
  await logs.appendOutput(output('one\ntwo\n'));

  expect((await logs.read(ALL, { signal: UNSTOPPED })).lines.map(({ message }) => message)).toEqual([
    'before',
    'one',
    'two',
  ]);
});

test('a file that is damaged is put aside, and numbers go on above those it had', async () => {
  const path = join(directory, 'logs.db');
  let last = 0;
  {
    await using logs = openSqliteLogs(path, { log });
    last = await logs.append([line('lost')]);
  }
  writeFileSync(path, 'this is no database, however long one looks at it'.repeat(100));

  await using logs = openSqliteLogs(path, { log });
  await logs.append([line('kept')]);

  expect((await logs.read({ ...ALL, from: last }, { signal: UNSTOPPED })).lines.map(({ message }) => message)).toEqual([
    'kept',
  ]);
  expect(readdirSync(directory)).toContain('logs.db.damaged');
});

/** A file whose first page is sound, so that only who looks for lines finds that it is damaged. */
async function makeDamaged(path: string): Promise<void> {
  {
    await using logs = openSqliteLogs(path, { log, writer: 'here' });
    for (let at = 0; at < 50; at++) await logs.append(Array.from({ length: 20 }, () => line(`lost ${at}`)));
  }
  damageTable(path, 'lines');
}

test.each(WRITERS)(
  'damage that is found while lines are written costs those that were there, and no other (%s)',
  async (writer) => {
    const path = join(directory, 'logs.db');
    await makeDamaged(path);
    await using logs = openSqliteLogs(path, { log, writer });
    const before = await logs.last();
    // This thread reads it too, and has the damaged file open.
    await logs.usage();

    await Promise.all([logs.append([line('one')]), logs.appendOutput(output('two\n')), logs.append([line('three')])]);

    const { lines } = await logs.read({ ...ALL, from: before }, { signal: UNSTOPPED });
    expect(lines.map(({ message }) => message)).toEqual(['one', 'two', 'three']);
    expect(readdirSync(directory)).toContain('logs.db.damaged');
  },
);

test.each(WRITERS)(
  'damage that is found by who reads is answered with what there is then: nothing (%s)',
  async (writer) => {
    const path = join(directory, 'logs.db');
    await makeDamaged(path);
    await using logs = openSqliteLogs(path, { log, writer });

    expect((await logs.read(ALL, { signal: UNSTOPPED })).lines).toEqual([]);
    await logs.append([line('kept')]);

    expect((await logs.read(ALL, { signal: UNSTOPPED })).lines.map(({ message }) => message)).toEqual(['kept']);
    expect(readdirSync(directory)).toContain('logs.db.damaged');
  },
);

test.each(WRITERS)('what was asked before it is disposed of is done and answered (%s)', async (writer) => {
  const path = join(directory, 'logs.db');
  const asked: Promise<unknown>[] = [];
  {
    await using logs = openSqliteLogs(path, { log, writer });
    await logs.append([line('old', { at: 1 })]);
    asked.push(
      logs.append([line('one')]),
      logs.appendOutput(output(Array.from({ length: 1_000 }, (_, at) => `line ${at}\n`).join(''))),
      logs.prune({ ...UNBOUNDED, beforeMs: 2 }),
    );
  }

  expect(await Promise.allSettled(asked)).toMatchObject(asked.map(() => ({ status: 'fulfilled' })));
  await using logs = openSqliteLogs(path, { log });
  const { lines } = await logs.read({ ...ALL, limit: 2_000 }, { signal: UNSTOPPED });
  expect(lines.map(({ message }) => message)).toHaveLength(1_001);
});

test('much that is to be dropped is dropped by a thread, and little without one', async () => {
  const path = join(directory, 'logs.db');
  {
    await using logs = openSqliteLogs(path, { log, writer: 'here' });
    for (const at of [1, 2]) await logs.append(Array.from({ length: at * 200 }, () => line('old', { at })));
  }
  let threads = 0;
  const count = () => void threads++;
  process.on('worker', count);
  await using logs = openSqliteLogs(path, { log });

  const { sequence: first } = await logs.keptFrom();

  await logs.prune({ ...UNBOUNDED, beforeMs: 2 });
  expect([threads, (await logs.keptFrom()).sequence]).toEqual([0, first + 200]);
  await logs.prune({ ...UNBOUNDED, beforeMs: 3 });
  process.off('worker', count);

  expect([threads, (await logs.keptFrom()).sequence]).toEqual([1, first + 600]);
});

test('what keeps it from its file makes it unavailable, as long as it does', async () => {
  const path = join(directory, 'logs.db');
  mkdirSync(path);
  await using logs = openSqliteLogs(path, { log });
  await expect(logs.append([line('no')])).rejects.toMatchObject({ code: 'unavailable', reason: 'logs.unavailable' });
  rmdirSync(path);

  await logs.append([line('yes')]);

  expect((await logs.read(ALL, { signal: UNSTOPPED })).lines.map(({ message }) => message)).toEqual(['yes']);
});

test('a line that is more than a page is a page', async () => {
  await using logs = openSqliteLogs(join(directory, 'logs.db'), { log, writer: 'here' });
  const fields = { all: 'x'.repeat(PAGE_CHARACTERS) };
  const last = await logs.append([line('before'), line('long', { fields }), line('after')]);

  const pages = [];
  for (let from = last - 3; from < last; ) {
    const page = await logs.read({ ...ALL, from }, { signal: UNSTOPPED });
    pages.push(page.lines.map(({ message }) => message));
    from = page.reached;
  }

  expect(pages).toEqual([['before'], ['long'], ['after']]);
});

test('one who reads a lot keeps nobody else waiting', async () => {
  await using logs = openSqliteLogs(join(directory, 'logs.db'), { log });
  await logs.append(Array.from({ length: 500 }, (_, at) => line(`${at}`)));
  const order: string[] = [];
  const readAs = async (reader: string): Promise<void> => {
    await logs.read({ ...ALL, limit: 500 }, { signal: UNSTOPPED, reader });
    order.push(reader);
  };

  await Promise.all([...Array.from({ length: 30 }, () => readAs('ann')), readAs('bob')]);

  expect(order.indexOf('bob')).toBeLessThan(3);
});
