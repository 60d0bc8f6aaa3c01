import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { figuresWith } from '../../domain/metrics/stretch.ts';
import { metricStoreContract, OTHER, VM } from '../../ports/metric-store.contract.ts';
import { damageTable } from '../shared/damage-file.fixture.ts';
import { createPinoLog } from '../system/pino-log.ts';
import { openSqliteMetrics } from './sqlite-metrics.ts';

const log = createPinoLog({ level: 'error' });
const STRETCH = { subject: VM, endMs: 1_000_000, lengthMs: 5_000, cpuUsedMs: 1, figures: figuresWith({}) } as const;
const ALL = { stepMs: 5_000, fromMs: 0, untilMs: 2_000_000 };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-metrics-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

metricStoreContract('SQLite', async () => openSqliteMetrics(join(directory, 'metrics.db'), { log }));

test('what was measured is there after a restart', async () => {
  const path = join(directory, 'metrics.db');
  {
    await using metrics = openSqliteMetrics(path, { log });
    await metrics.add([STRETCH]);
  }
  await using metrics = openSqliteMetrics(path, { log });

  expect(await metrics.read(VM, ALL)).toHaveLength(1);
});

test('what another version has measured is begun anew', async () => {
  const path = join(directory, 'metrics.db');
  const old = new Database(path);
  old.exec('CREATE TABLE points (subject TEXT, step INTEGER, at INTEGER, guest_ms REAL)');
  old.exec(`INSERT INTO points VALUES ('${VM}', 5000, 995000, 5000)`);
  old.exec('PRAGMA user_version = 4');
  old.close();

  await using metrics = openSqliteMetrics(path, { log });
  expect(await metrics.read(VM, ALL)).toEqual([]);
  await metrics.add([STRETCH]);

  expect(await metrics.read(VM, ALL)).toHaveLength(1);
});

test('a file that is damaged is put aside, and measuring goes on', async () => {
  const path = join(directory, 'metrics.db');
  writeFileSync(path, 'this is no database, however long one looks at it'.repeat(100));

  await using metrics = openSqliteMetrics(path, { log });
  await metrics.add([STRETCH]);

  expect(await metrics.read(VM, ALL)).toHaveLength(1);
  expect(readdirSync(directory)).toContain('metrics.db.damaged');
});

test.each(['add', 'read', 'vms', 'prune', 'forget'] as const)(
  'damage that %s finds later is put aside, and measuring goes on',
  async (found) => {
    const path = join(directory, 'metrics.db');
    const many = Array.from({ length: 2_000 }, (_, at) => ({ ...STRETCH, endMs: STRETCH.endMs - at * 5_000 }));
    const quiet = createPinoLog({ level: 'error', stream: { write: () => undefined } });
    {
      await using metrics = openSqliteMetrics(path, { log });
      await metrics.add(many);
    }
    damageTable(path, 'points');

    await using metrics = openSqliteMetrics(path, { log: quiet });
    await {
      add: () => metrics.add([STRETCH]),
      read: () => metrics.read(VM, ALL),
      vms: () => metrics.vms(),
      prune: () => metrics.prune({ nowMs: STRETCH.endMs, maxBytes: 1_000_000 }),
      forget: () => metrics.forget([VM]),
    }[found]();
    await metrics.add([{ ...STRETCH, subject: OTHER }]);

    expect(await metrics.read(OTHER, ALL)).toHaveLength(1);
    expect(await metrics.read(VM, ALL)).toHaveLength(found === 'add' ? 1 : 0);
    expect(metrics.whyNot()).toBeNull();
    expect(readdirSync(directory)).toContain('metrics.db.damaged');
  },
);

test('says so while its file cannot be worked on', async () => {
  const path = join(directory, 'metrics.db');
  mkdirSync(path);
  await using metrics = openSqliteMetrics(path, { log });
  await expect(metrics.add([STRETCH])).rejects.toMatchObject({ code: 'SQLITE_CANTOPEN' });
  expect(metrics.whyNot()).toMatch(/cannot be written/);
  rmdirSync(path);

  await metrics.add([STRETCH]);

  expect(metrics.whyNot()).toBeNull();
});
