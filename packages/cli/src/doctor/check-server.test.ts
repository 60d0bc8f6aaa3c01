import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningServer, runServer } from '../../../server/src/api/testing/run-server.ts';
import type { GlobalOptions } from '../context.ts';
import { readServerFile } from '../server/server-file.ts';
import type { Finding, Surroundings } from './check.ts';
import { checkObserving } from './check-observing.ts';
import { checkServer } from './check-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await runServer();
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

function surroundings(globals: GlobalOptions = {}): Surroundings {
  const { stdin, stdout, stderr } = process;
  return {
    dataDir: server.dataDir,
    cacheDir: join(server.dataDir, 'cache'),
    context: {
      ...{ env: {}, stdin, stdout, stderr, globals, commandWords: null },
      loadCommands: () => Promise.reject(new Error('no check looks at commands')),
      whenPipeBreaks: () => undefined,
      endWith: () => undefined,
    },
  };
}

const look = async (): Promise<Finding | undefined> => (await checkServer(surroundings()))[0];

it('tells a server that takes no work from one that does not run, with what keeps it from that', async () => {
  expect(await look()).toMatchObject({ status: 'ok', detail: expect.stringContaining(`runs at ${server.url}`) });
  const database = new DatabaseSync(join(server.dataDir, 'volary.db'));
  database.exec('BEGIN IMMEDIATE');

  await expect.poll(look, { timeout: 30_000 }).toMatchObject({
    status: 'fail',
    detail: expect.stringMatching(/^runs at .*, but takes no work: .*\(component database\)$/),
    fix: expect.stringContaining('volary system health'),
  });

  const observing = await checkObserving(surroundings());
  database.exec('ROLLBACK');
  database.close();
  expect(observing.map(({ id }) => id)).toContain('metrics');
  await expect.poll(look, { timeout: 30_000 }).toMatchObject({ status: 'ok' });
});

it('tells a server that hangs from one that does not run', async () => {
  const pid = (await readServerFile(server.dataDir))?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  const finding = await look();
  process.kill(pid, 'SIGCONT');

  expect(finding).toMatchObject({ status: 'fail', fix: expect.stringContaining(`kill -9 ${pid}`) });
  expect(finding?.detail).toBe(`process ${pid} does not answer at ${server.url}`);
  await expect.poll(look, { timeout: 30_000 }).toMatchObject({ status: 'ok' });
});

it.each<[string, GlobalOptions, string, string]>([
  ['an address where nobody answers', { url: 'http://127.0.0.1:1' }, 'No server answers', '--url'],
  ['a key that is none', { key: 'no key' }, 'malformed', ''],
  ['a key file that is not there', { keyFile: '/nowhere/key' }, '/nowhere/key', ''],
  ['a key that the server does not know', { key: 'unknown' }, 'key', 'volary login'],
])('makes a finding of %s', async (_what, globals, said, hint) => {
  const [finding] = await checkObserving(surroundings(globals));

  expect(finding).toMatchObject({ id: 'observing', status: 'warn', detail: expect.stringMatching(said) });
  expect(finding?.fix ?? '').toContain(hint);
});
