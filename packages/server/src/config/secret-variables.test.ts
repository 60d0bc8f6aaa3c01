import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningServer, runServer } from '../api/testing/run-server.ts';
import { SECRET_VARIABLES } from './secret-variables.ts';

const SECRET = 'a-secret-of-32-characters-0123456';
/** Has the server run a program when it is asked to, and keep what that has for its environment. */
const ASKED = `
  import { execFileSync } from 'node:child_process';
  import { renameSync, writeFileSync } from 'node:fs';
  process.on('SIGUSR2', () => {
    writeFileSync(process.env.TEST_SEEN + '.part', execFileSync('env'));
    renameSync(process.env.TEST_SEEN + '.part', process.env.TEST_SEEN);
  });
`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'volary-test-environment-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

async function environmentSeenBy({ dataDir }: RunningServer, path: string): Promise<string> {
  const { pid }: { readonly pid: number } = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8'));
  process.kill(pid, 'SIGUSR2');
  await expect.poll(() => existsSync(path), { timeout: 20_000 }).toBe(true);
  return readFileSync(path, 'utf8');
}

it('no program that the server runs inherits a secret of its environment', async () => {
  const others = SECRET_VARIABLES.filter((name) => !/^VOLARY_|^LOKI_/.test(name));
  const path = join(dir, 'seen');
  await using server = await runServer({
    ...Object.fromEntries(others.map((name) => [name, `key=${SECRET}`])),
    LOKI_URL: `http://u:${SECRET}@127.0.0.1:9`,
    VOLARY_REDIS_URL: `redis://:${SECRET}@127.0.0.1:9`,
    VOLARY_SECRETS_KEY: Buffer.alloc(32, SECRET).toString('base64'),
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ASKED)}`,
    TEST_SEEN: path,
  });

  const seen = await environmentSeenBy(server, path);

  const names = seen.split('\n').map((line) => line.split('=', 1)[0]);
  expect(names.filter((name) => SECRET_VARIABLES.some((each) => each === name))).toEqual([]);
  expect(seen).not.toContain(SECRET);
});
