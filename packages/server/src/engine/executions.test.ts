import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VolaryError } from '../domain/errors.ts';
import type { ExecRequest, Execution } from '../domain/execution/execution.ts';
import { until } from '../lib/testing/until.ts';
import type { ExecutionSession } from './apis/execution-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from './installation.test-kit.ts';
import { create, finish, soon } from './vm-life.test-kit.ts';

let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
  await create(server, 'bird');
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

function run(argv: readonly string[], more: Partial<ExecRequest> = {}): Promise<ExecutionSession> {
  const command = { argv, env: {}, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0, ...more };
  return server.engine.executions.start(ADMIN, 'bird', command, soon);
}

async function restart(): Promise<void> {
  await server.stop();
  server = await installation.start();
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

/** What comes of the command, once it is over. */
async function end({ execution }: ExecutionSession): Promise<{ execution: Execution; stdout: string }> {
  const { executions } = server.engine;
  let stdout = '';
  const updates = await executions.output(ADMIN, execution.id, { stream: 'both', offset: 0, follow: true, ...soon });
  for await (const update of updates)
    if (update.kind === 'output' && update.stream === 'stdout') stdout += new TextDecoder().decode(update.bytes);
  return { execution: await executions.get(ADMIN, execution.id), stdout };
}

describe('the input of a command', () => {
  it('is taken once, however often and whoever sends it, also by the next server', async () => {
    const session = await run(['cat'], { hasStdin: true });
    const write = (offset: number, text: string, isLast = false) =>
      server.engine.executions.writeStdin(ADMIN, session.execution.id, { offset, content: bytesOf(text), end: isLast });

    expect(await Promise.all([write(0, 'aaaaa'), write(0, 'aaaaa'), write(3, 'aabb')])).toEqual([5, 5, 7]);
    await expect(write(8, 'x')).rejects.toMatchObject({ reason: 'execution.stdin_gap' });
    await restart();
    expect(await write(0, 'aaaaabb')).toBe(7);
    expect(await write(7, 'c', true)).toBe(8);

    expect(await end(session)).toMatchObject({ stdout: 'aaaaabbc', execution: { state: 'exited', exitCode: 0 } });
  });
});

describe('a command that runs', () => {
  it('is followed to its end, also when nothing could be written or read for a while', async () => {
    await server.stop();
    let isFull = false;
    let refusals = 0;
    const full = (): void => {
      if (!isFull) return;
      refusals += 1;
      throw new VolaryError('resource_exhausted', 'The disk is full.', { reason: 'store.full' });
    };
    server = await installation.start(undefined, undefined, undefined, (store) => ({
      ...store,
      transaction: async (work) => {
        full();
        return await store.transaction(work);
      },
      executions: {
        ...store.executions,
        outputLengths: async (id) => {
          full();
          return await store.executions.outputLengths(id);
        },
      },
    }));
    const session = await run(['sleep', '0.3']);
    isFull = true;
    await until(() => refusals >= 3, 'three attempts at a full disk');
    isFull = false;

    expect((await end(session)).execution).toMatchObject({ state: 'exited', exitCode: 0 });
  });

  it('is said to run, since when, in every answer and after a restart', async () => {
    const { execution } = await run(['sleep', '60']);
    const { executions } = server.engine;
    const running = { state: 'running', startedAt: execution.startedAt };

    expect(execution).toMatchObject({ state: 'running', startedAt: expect.any(Number) });
    expect(await executions.get(ADMIN, execution.id)).toMatchObject(running);
    expect((await executions.list(ADMIN, { limit: 9, after: null })).items).toMatchObject([running]);
    await restart();
    expect(await server.engine.executions.get(ADMIN, execution.id)).toMatchObject({
      id: execution.id,
      state: expect.stringMatching(/^(starting|running)$/),
    });
    await server.engine.executions.signal(ADMIN, execution.id, 'SIGKILL');
    const ended = await end({ execution, updates: (async function* () {})() });
    expect(ended.execution).toMatchObject({ state: 'exited', signal: 'SIGKILL', startedAt: execution.startedAt });
  });

  it('ends when it is cancelled', async () => {
    const { execution } = await run(['sleep', '60']);
    const { executions } = server.engine;

    const ended = await executions.cancel(ADMIN, execution.id, { graceMs: 5_000, signal: soon.signal });

    expect(ended).toMatchObject({ state: 'exited', signal: 'SIGTERM' });
    await expect(executions.cancel(ADMIN, execution.id, { graceMs: 0, signal: soon.signal })).rejects.toMatchObject({
      reason: 'execution.not_running',
    });
    const other = await run(['sleep', '60']);
    expect(await executions.cancel(ADMIN, other.execution.id, { graceMs: 0, signal: soon.signal })).toMatchObject({
      signal: 'SIGKILL',
    });
  });

  it('is lost when its machine ends, also when it could not be attached to before', async () => {
    const session = await run(['sleep', '60']);
    await finish(server, (await server.engine.vms.pause(ADMIN, 'bird', {})).operation);
    await restart();
    await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);

    expect((await end(session)).execution).toMatchObject({ state: 'lost', completedAt: expect.any(Number) });
  });

  it('goes with its VM, and its end is told', async () => {
    const { execution } = await run(['sleep', '60']);
    await finish(server, (await server.engine.vms.delete(ADMIN, 'bird', {})).operation);

    expect((await server.engine.executions.list(ADMIN, { limit: 9, after: null })).items).toEqual([]);
    const told = await server.engine.events.list(ADMIN, { after: 0, limit: 100, types: ['execution.completed'] });
    expect(told.map(({ subject, data }) => [subject, data['state']])).toEqual([[execution.id, 'lost']]);
  });
});
