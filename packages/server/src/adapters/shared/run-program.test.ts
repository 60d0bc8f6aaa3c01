import { existsSync, readFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findProgram, runProgram } from './run-program.ts';

const SHELL = findProgram('sh') ?? '';
const signal = AbortSignal.timeout(30_000);

it('tells how a program ended, and what it said', async () => {
  const script = 'echo out; echo err >&2; cat; echo $OWN; exit 7';

  expect(await runProgram(SHELL, ['-c', script], { signal, env: { OWN: 'own' } })).toEqual({
    ...{ exitCode: 7, stdout: 'out\nown\n', stderr: 'err\n' },
  });
  expect((await runProgram(SHELL, ['-c', 'kill -9 $$'], { signal })).exitCode).toBeNull();
});

it('ends a program that is to end, whatever that has started holds on to', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'volary-test-'));
  const pidFile = join(directory.path, 'pid');
  const given = new AbortController();
  const running = runProgram(SHELL, ['-c', 'sleep 60 & echo $! >"$FILE"; wait'], {
    signal: given.signal,
    env: { FILE: pidFile },
  });
  await expect.poll(() => (existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : '')).toMatch(/^\d+\n$/);

  given.abort(new Error('enough'));

  await expect(running).rejects.toThrow('enough');
  // It runs on, with the streams that it was given: nobody waited for it.
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  await expect(runProgram(SHELL, ['-c', 'true'], { signal: given.signal })).rejects.toThrow('enough');
});

it('ends a program that says too much', async () => {
  const { exitCode, stdout } = await runProgram(SHELL, ['-c', 'exec cat /dev/zero'], { signal });

  expect(exitCode).toBeNull();
  expect(stdout.length).toBeLessThanOrEqual(16 * 1024 * 1024);
});

it('fails with the fault of the system when there is no such program', async () => {
  await expect(runProgram('/no/such/program', [], { signal })).rejects.toMatchObject({ code: 'ENOENT' });
});
