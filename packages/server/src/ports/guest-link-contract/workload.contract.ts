import { expect } from 'vitest';
import type { GuestRuns, SupervisedProcess, SupervisedRequest } from '../guest-link.ts';
import { type GuestLinkContext, readUntil, shell } from './subject.contract.ts';

const NOTHING = { stdoutBytes: 0, stderrBytes: 0 };

function workload(script: string, more: Partial<SupervisedRequest> = {}): SupervisedRequest {
  const { argv, env, cwd, user } = shell(script);
  return { argv, env, cwd, user, restart: 'always', delayMs: 20, longestDelayMs: 40, steadyMs: 10_000, ...more };
}

/** Resolves when the runs are so. */
async function untilRuns(process: SupervisedProcess, isSo: (runs: GuestRuns) => boolean): Promise<GuestRuns> {
  const found = Promise.withResolvers<GuestRuns>();
  process.listen((runs) => {
    if (isSo(runs)) found.resolve(runs);
  });
  return await found.promise;
}

/** Reads what there is until it is over, so that nothing is left in the guest for the next test. */
async function end(process: SupervisedProcess): Promise<void> {
  await process.control('end', { graceMs: 1_000 });
  for await (const { stream, offset, bytes } of process.output) process.acknowledge(stream, offset + bytes.length);
  await process.exit;
  await process[Symbol.asyncDispose]();
}

/** A guest's workload: run again by its policy, its newest output kept. */
export function workloadLaws({ law, subject, newId, options }: GuestLinkContext): void {
  law('a workload is run again when it ends, and says how it ended', async () => {
    const process = await subject().link.supervise(newId(), workload('echo run; exit 3'), NOTHING, options);

    const runs = await untilRuns(process, ({ runs, state }) => runs >= 3 && state === 'waiting');
    expect(runs).toMatchObject({ lastExitCode: 3, lastSignal: null });
    expect(runs.lastExitAtMs).toBeGreaterThan(0);
    expect(await readUntil(process, 'run\nrun\nrun\n')).toContain('run');
    await process[Symbol.asyncDispose]();
    await end(await subject().link.supervise(newId(), workload('echo never'), NOTHING, options));
  });

  law('a workload that may end ends, with its code', async () => {
    const asked = workload('exit 0', { restart: 'on-failure' });
    const process = await subject().link.supervise(newId(), asked, NOTHING, options);

    for await (const _ of process.output) throw new Error('it says nothing');
    expect(await process.exit).toMatchObject({ exitCode: 0, signal: null });
    await process[Symbol.asyncDispose]();
  });

  law('a workload asked for twice is one, and another id takes it over', async () => {
    const first = newId();
    const process = await subject().link.supervise(first, workload('echo up; sleep 600'), NOTHING, options);
    await readUntil(process, 'up\n');
    await process[Symbol.asyncDispose]();

    const again = await subject().link.supervise(first, workload('echo never'), NOTHING, options);
    expect(again).toMatchObject({ isAttached: true, pid: process.pid });
    await again[Symbol.asyncDispose]();
    const taken = await subject().link.supervise(newId(), workload('echo never'), NOTHING, options);
    expect(taken).toMatchObject({ isAttached: true, pid: process.pid });
    await end(taken);
  });

  law('a workload is run anew when that is wanted, whatever its policy', async () => {
    const asked = workload('echo up; sleep 600', { restart: 'never' });
    const process = await subject().link.supervise(newId(), asked, NOTHING, options);
    await readUntil(process, 'up\n');

    await process.control('run-again', { graceMs: 1_000 });

    const runs = await untilRuns(process, ({ runs }) => runs === 2);
    expect(runs.lastSignal).toBe(15);
    await process[Symbol.asyncDispose]();
    await end(await subject().link.supervise(newId(), asked, NOTHING, options));
  });

  law('a workload that cannot be started is refused, and leaves no trace', async () => {
    const asked = { ...workload(''), argv: ['/nonexistent/program'] };

    await expect(subject().link.supervise(newId(), asked, NOTHING, options)).rejects.toMatchObject({
      reason: 'execution.not_started',
      details: { step: 'program', errno: 'ENOENT' },
    });
  });
}
