import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { metricStoreContract, VM } from '../../ports/metric-store.contract.ts';
import { createPinoLog } from '../system/pino-log.ts';
import { openSqliteMetrics } from './sqlite-metrics.ts';

const log = createPinoLog({ level: 'error' });
const STRETCH = { subject: VM, endMs: 1_000_000, lengthMs: 5_000, cpuUsedMs: 1, guest: null } as const;
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

test('a file that is damaged is put aside, and measuring goes on', async () => {
  const path = join(directory, 'metrics.db');
  writeFileSync(path, 'this is no database, however long one looks at it'.repeat(100));

  await using metrics = openSqliteMetrics(path, { log });
  await metrics.add([STRETCH]);

  expect(await metrics.read(VM, ALL)).toHaveLength(1);
  expect(readdirSync(directory)).toContain('metrics.db.damaged');
});
