import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { line, output, UNSTOPPED } from '../../../ports/log-store.contract.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { RESERVED_NUMBERS } from './number-reserve.ts';
import { openSqliteLogs } from './sqlite-logs.ts';

const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'volary-numbers-'));
  mkdirSync(join(root, 'logs'));
});
afterEach(() => rmSync(root, { recursive: true }));

const open = (name = 'logs') => openSqliteLogs(join(root, name, 'logs.db'), { log, writer: 'here' });
const many = (count: number) => Array.from({ length: count }, (_, at) => line(`${at}`));

/** The directory as it is now, as `name`: what a disk has whose power fails before more of it is synced. */
const keepAs = (name: string): void => cpSync(join(root, 'logs'), join(root, name), { recursive: true });

test('numbers of lines that are lost with the power are given to no other line', async () => {
  await using logs = open();
  await logs.append([line('kept')]);
  keepAs('after power loss');
  await logs.appendOutput(output('seen\nseen too\n'));
  const seen = await logs.append(many(20_000));

  await using after = open('after power loss');
  const next = await after.append([line('new')]);

  expect(next).toBeGreaterThan(seen);
  const page = { direction: 'forward', from: seen, limit: 10 } as const;
  expect((await after.read(page, { signal: UNSTOPPED })).lines.map(({ message }) => message)).toEqual(['new']);
});

test('numbers are reserved before as many lines come as are reserved at once', async () => {
  await using logs = open();
  await logs.append(many(10));
  const seen = await logs.append(many(RESERVED_NUMBERS + 1_000));
  keepAs('after power loss');

  await using after = open('after power loss');

  expect(await after.last()).toBeGreaterThan(seen + 1_000);
});

test('a file that was closed goes on with the next number', async () => {
  let last = 0;
  {
    await using logs = open();
    last = await logs.append(many(10));
  }
  await using logs = open();

  expect(await logs.append([line('next')])).toBe(last + 1);
});

test('a file that was closed is read also where nothing can be written, as on a full disk', async () => {
  let last = 0;
  {
    await using logs = open();
    last = await logs.append([line('kept')]);
  }
  const database = new Database(join(root, 'logs', 'logs.db'));
  database.exec("CREATE TRIGGER full BEFORE UPDATE ON numbers BEGIN SELECT RAISE(ABORT, 'full'); END");
  database.close();
  await using logs = open();

  expect(await logs.last()).toBe(last);
});

test('a file that was not closed is read also where nothing can be written, and its numbers are given to no line later', async () => {
  {
    await using logs = open();
    await logs.append(many(10));
    keepAs('after power loss');
  }
  const database = new Database(join(root, 'after power loss', 'logs.db'));
  for (const what of ['UPDATE ON numbers', 'INSERT ON cursors', 'UPDATE ON cursors', 'DELETE ON cursors']) {
    const name = what.replaceAll(' ', '_');
    database.exec(`CREATE TRIGGER ${name} BEFORE ${what} BEGIN SELECT RAISE(ABORT, 'full'); END`);
  }
  database.close();
  const lasts = [];
  for (let life = 0; life < 2; life++) {
    await using logs = open('after power loss');
    const last = await logs.last();
    lasts.push(last);

    expect(await logs.keptFrom()).toMatchObject({ vmSequence: 0 });
    const page = await logs.read({ direction: 'forward', from: null, limit: 100 }, { signal: UNSTOPPED });
    expect(page).toMatchObject({ reached: last, isAtEnd: true });
    expect(page.lines).toHaveLength(10);
  }

  expect(new Set(lasts).size).toBe(1);
});

test('numbers that were left out are left out for good, though no line came before the file was closed', async () => {
  await using logs = open();
  await logs.append(many(10));
  keepAs('after power loss');
  let last = 0;
  {
    await using after = open('after power loss');
    last = await after.append([], { key: 'events', to: 1 });
  }
  await using after = open('after power loss');

  expect(await after.last()).toBe(last);
  expect(await after.append([line('new')])).toBe(last + 1);
});

test('a file that is opened again and again, and never closed, leaves out numbers once as long as no line comes', async () => {
  await using logs = open();
  const last = await logs.append(many(10));
  keepAs('life 0');
  const lasts = [];
  for (let life = 0; life < 3; life++) {
    await using next = open(`life ${life}`);
    lasts.push(await next.last());
    cpSync(join(root, `life ${life}`), join(root, `life ${life + 1}`), { recursive: true });
  }

  expect(new Set(lasts).size).toBe(1);
  expect((lasts[0] ?? 0) - last).toBeLessThan(RESERVED_NUMBERS + 1_000);
});
