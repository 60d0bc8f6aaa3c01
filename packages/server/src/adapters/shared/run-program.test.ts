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
  const given = new AbortController();
  const running = runProgram(SHELL, ['-c', 'sleep 5 & wait'], { signal: given.signal });

  given.abort(new Error('enough'));

  await expect(running).rejects.toThrow('enough');
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
