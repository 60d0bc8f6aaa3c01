import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteLogs } from '../../adapters/logs/sqlite/sqlite-logs.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import { line } from '../../ports/log-store.contract.ts';
import type { LogStore } from '../../ports/log-store.ts';
import type { LogApi, LogFeed } from '../apis/log-api.ts';
import { ADMIN, createInstallation, type Installation } from '../installation.test-kit.ts';
import { soon } from '../vm-life.test-kit.ts';
import { createLogQueries } from './log-queries.ts';

let installation: Installation;
let directory: string;
let logs: LogStore;
let queries: LogApi;
beforeEach(async () => {
  installation = createInstallation();
  const { store, bus } = await installation.start();
  directory = mkdtempSync(join(tmpdir(), 'volary-logs-'));
  logs = openSqliteLogs(join(directory, 'logs.db'), { log: createPinoLog({ level: 'warn' }), writer: 'here' });
  queries = createLogQueries({ store, logs, logArchive: null, bus, clock: createSystemClock() });
});
afterEach(async () => {
  await logs[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
  await installation[Symbol.asyncDispose]();
});

const whileTested = (): AbortSignal => AbortSignal.timeout(soon.timeoutMs);

/** Pages until there are so many lines, and where the feed was before each of them. */
async function take(feed: LogFeed, count: number) {
  const taken = [];
  let [seen, position] = [0, feed.position];
  for await (const lines of feed) {
    taken.push({ lines, position });
    seen += lines.length;
    if (seen >= count) break;
    position = feed.position;
  }
  return taken;
}

it('begins with as many of the last lines as are wanted, and is never told to be past one that is still to come', async () => {
  await logs.append(Array.from({ length: 1_300 }, (_, at) => line(`${at}`)));

  const feed = await queries.follow(ADMIN, {}, { after: null, tail: 1_200, signal: whileTested() });
  const pages = await take(feed, 1_200);

  const messages = pages.flatMap(({ lines }) => lines.map(({ message }) => message));
  expect(messages).toEqual(Array.from({ length: 1_200 }, (_, at) => `${at + 100}`));
  for (const { lines, position } of pages) expect(position).toBeLessThan(lines[0]?.sequence ?? Number.NaN);
});

it('without last lines begins with what comes', async () => {
  const last = await logs.append([line('before')]);

  const feed = await queries.follow(ADMIN, {}, { after: null, tail: 0, signal: whileTested() });
  await logs.append([line('after')]);

  expect(feed.position).toBe(last);
  expect((await take(feed, 1))[0]?.lines.map(({ message }) => message)).toEqual(['after']);
});
