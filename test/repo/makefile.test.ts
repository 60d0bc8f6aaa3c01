import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from './repository.ts';

const run = promisify(execFile);

/* The Makefile's targets, by the names that Aetherium's documents have for them. */

it('make build puts in place what the launcher needs, and says what it is', async () => {
  const { version }: { readonly version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

  const { stdout } = await run('make', ['-s', 'build'], { cwd: ROOT });

  expect(stdout).toContain(version);
});

it('make test is the command that runs all tests, and make test-coverage the same with what they have been through', async () => {
  const said = async (target: string): Promise<string> => (await run('make', ['-n', target], { cwd: ROOT })).stdout;

  expect(await said('test')).toBe('./volary test\n');
  expect(await said('test-coverage')).toBe('./volary test --coverage\n');
  // The flag is one that the tests know: they name the other one alone.
  const refused = run(process.execPath, ['test/check.ts', '--with-vms', '--coverage', '--loud'], { cwd: ROOT });
  await expect(refused).rejects.toMatchObject({ code: 2, stderr: expect.stringMatching(/^Unknown: --loud\. /) });
});

it('make run serves, with the settings of the environment', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'volary-test-make-'));
  const env = {
    ...process.env,
    ...{ VOLARY_DATA_DIR: join(folder, 'data'), VOLARY_CACHE_DIR: join(folder, 'cache'), VOLARY_DRIVER: 'simulated' },
    ...{ VOLARY_LISTEN: '127.0.0.1:0,aetherium=127.0.0.1:0', VOLARY_WARM_TEMPLATES: 'off' },
  };
  const making = spawn('make', ['-s', 'run'], { cwd: ROOT, env, stdio: 'ignore', detached: true });
  const ended = once(making, 'close');
  try {
    const file = join(folder, 'data/server.json');
    await expect.poll(() => existsSync(file) || making.exitCode !== null, { timeout: 60_000 }).toBe(true);
    const { faces }: { readonly faces: Readonly<Record<string, string>> } = JSON.parse(readFileSync(file, 'utf8'));

    expect((await fetch(`${faces['aetherium']}/health`)).status).toBe(200);
  } finally {
    if (making.exitCode === null && making.pid !== undefined) process.kill(-making.pid, 'SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});
