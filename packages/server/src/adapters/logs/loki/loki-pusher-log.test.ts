import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { line, UNBOUNDED } from '../../../ports/log-store.contract.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { openSqliteLogs } from '../sqlite/sqlite-logs.ts';
import { until } from './testing/open-logs.ts';
import { linesOf, said, useHandover } from './testing/use-handover.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SILENT = createPinoLog({ level: 'error', stream: { write: () => undefined } });
const handover = useHandover();
const { start, passUntil, handOver, say } = handover;

describe('the log here', () => {
  /** Has it keep no cursor, until the returned function is called. */
  function refuseCursors(): () => void {
    const database = new Database(join(handover.directory, 'logs.db'));
    database.exec(
      `CREATE TRIGGER full_disk BEFORE INSERT ON cursors WHEN new.key LIKE 'loki:%' BEGIN SELECT RAISE(ABORT, 'full'); END`,
    );
    return () => {
      database.exec('DROP TRIGGER full_disk');
      database.close();
    };
  }

  it('that cannot note what Loki has taken has nothing sent twice, and that is said once', async () => {
    const { loki, opened } = await start();
    await say(opened, 'first');
    await handOver(opened);
    const allow = refuseCursors();
    await say(opened, 'one', 'two');
    await passUntil(() => loki.pushes.length === 2 && said(opened, /cannot be read, or noted/).length > 0);
    for (let tries = 0; tries < 10; tries++) {
      await until(() => handover.clock.sleeperCount > 0);
      await handover.clock.advance(MINUTE_MS);
    }
    expect(loki.pushes).toHaveLength(2);
    expect(opened.archive.figures).toMatchObject({ taken: 3, retries: 0 });
    allow();
    await say(opened, 'three');
    await handOver(opened);

    expect(linesOf(loki)).toEqual(['first', 'one', 'two', 'three']);
    expect(loki.pushes).toHaveLength(3);
    expect(opened.archive.figures).toMatchObject({ taken: 4, waiting: 0 });
    expect(opened.told.map(([message]) => message)).toEqual([
      'what Loki takes cannot be read, or noted, in the log here; it is tried again',
      'what Loki takes is read and noted in the log here again',
    ]);
  });

  it('that has dropped all that waited has it counted and said', async () => {
    const { loki, opened } = await start();
    await say(opened, 'first');
    await handOver(opened);
    await until(() => handover.clock.sleeperCount === 0);
    await opened.logs.append([line('one', { at: handover.clock.now() }), line('two', { at: handover.clock.now() })]);
    await opened.forget();
    await passUntil(() => opened.archive.figures.waiting === 0);

    expect(linesOf(loki)).toEqual(['first']);
    expect(opened.archive.figures).toMatchObject({ taken: 1, lost: 2 });
    expect(opened.told).toContainEqual([
      'lines were dropped before Loki took them: more came meanwhile than is kept here',
      { lines: 2 },
    ]);
  });

  it('that is begun anew goes on with its new numbers, of which none is counted as lost', async () => {
    const { loki, opened } = await start();
    await say(opened, 'first');
    await handOver(opened);
    const database = new Database(join(handover.directory, 'logs.db'));
    database.exec(
      "DELETE FROM lines; DELETE FROM cursors WHERE key LIKE 'loki:%'; UPDATE numbers SET last = last + 5000000000",
    );
    database.close();
    await say(opened, 'later');
    await handOver(opened);

    expect(linesOf(loki)).toEqual(['first', 'later']);
    expect(opened.archive.figures).toMatchObject({ taken: 2, lost: 0, waiting: 0 });
    expect(said(opened, /begun anew/)).toHaveLength(1);
  });

  it('that leaves out numbers, as after a power loss, has none of them counted as lost, and dropped lines are', async () => {
    const { loki, opened } = await start();
    await say(opened, 'first');
    await handOver(opened);
    await loki.stop();
    await say(opened, 'dropped', 'dropped too');
    await opened.logs.prune({ ...UNBOUNDED, maxBytesPerVm: 0 });
    const database = new Database(join(handover.directory, 'logs.db'));
    database.exec('UPDATE numbers SET last = last + 65536');
    database.close();
    await say(opened, 'later');
    await loki.start();
    await handOver(opened);

    expect(linesOf(loki)).toEqual(['first', 'later']);
    expect(opened.archive.figures).toMatchObject({ taken: 2, lost: 2, waiting: 0 });
  });

  it('that a crash left numbers out of has none of them counted as lost or waiting, though lines behind them were dropped', async () => {
    const file = join(handover.directory, 'logs.db');
    const before = openSqliteLogs(file, { log: SILENT, writer: 'here' });
    const last = await before.append([line('first', { at: handover.clock.now() })]);
    await before[Symbol.asyncDispose]();
    const database = new Database(file);
    database.prepare("INSERT INTO cursors VALUES ('numbers:reserved', ?, 0)").run([last + 65_536]);
    database.close();
    const { loki, opened } = await start();
    await loki.stop();
    await say(opened, 'dropped');
    await passUntil(() => opened.archive.figures.retries > 0);
    expect(opened.archive.figures.waiting).toBe(2);
    await opened.logs.prune({ ...UNBOUNDED, maxBytesPerVm: 0 });
    await say(opened, 'later');
    await loki.start();
    await handOver(opened);

    expect(linesOf(loki).at(-1)).toBe('later');
    expect(opened.archive.figures.taken + opened.archive.figures.lost).toBe(3);
    expect(opened.archive.figures.waiting).toBe(0);
  });

  it('that has dropped a line of the future before there was a Loki gives no other its time', async () => {
    const local = openSqliteLogs(join(handover.directory, 'logs.db'), { log: SILENT, writer: 'here' });
    await local.append([line('of the future', { at: handover.clock.now() + 24 * HOUR_MS })]);
    await local.prune({ ...UNBOUNDED, maxBytes: 0 });
    await local[Symbol.asyncDispose]();
    const { loki, opened } = await start();
    await say(opened, 'of now');
    await handOver(opened);

    expect(linesOf(loki)).toEqual(['of now']);
    expect(opened.archive.figures).toMatchObject({ taken: 1, refused: 0 });
  });
});
