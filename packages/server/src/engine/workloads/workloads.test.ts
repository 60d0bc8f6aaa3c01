import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { type AskedWorkload, completeWorkload, type WorkloadStatus } from '../../domain/workload/workload.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { waitFor } from '../queries/wait-for.ts';
import { create, finish, soon } from '../vm-life.test-kit.ts';

let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function make(asked: AskedWorkload, more: Partial<VmSpec> = {}, labels = {}): Promise<Vm> {
  const { operation } = await server.engine.vms.create(ADMIN, {
    ...{ name: 'bird', labels, metadata: {}, start: true, warmStart: 'auto' },
    spec: { workload: completeWorkload(asked), ...more },
  });
  await finish(server, operation);
  return await server.engine.vms.get(ADMIN, 'bird');
}

/** The workload's status as soon as it is so. */
async function untilStatus(isSo: (status: WorkloadStatus) => boolean, name = 'bird'): Promise<WorkloadStatus> {
  const { id } = await server.engine.vms.get(ADMIN, name);
  const found = await waitFor(
    { bus: server.bus, clock: createSystemClock() },
    { topic: 'vm', key: id },
    soon,
    async () => {
      const { workloadStatus } = await server.engine.vms.get(ADMIN, name);
      return workloadStatus !== null && isSo(workloadStatus) ? workloadStatus : undefined;
    },
  );
  if (found === undefined) throw new Error(JSON.stringify(await server.engine.vms.get(ADMIN, name)));
  return found;
}

const runs = (status: WorkloadStatus): boolean => status.state === 'running';

async function outputOf({ executionId }: WorkloadStatus, until: string): Promise<string> {
  if (executionId === null) throw new Error('there is no execution');
  let said = '';
  const following = { stream: 'stdout', offset: 0, follow: true, ...soon } as const;
  for await (const update of await server.engine.executions.output(ADMIN, executionId, following)) {
    if (update.kind === 'output') said += new TextDecoder().decode(update.bytes);
    if (said.includes(until)) break;
  }
  return said;
}

async function told(...types: readonly string[]): Promise<readonly unknown[]> {
  const events = await server.store.events.list({ after: 0, limit: 1_000 });
  return events.filter(({ type }) => types.includes(type)).map(({ type, data }) => ({ type, ...data }));
}

async function restart(): Promise<void> {
  await server.stop();
  server = await installation.start();
}

describe('the workload of a VM', () => {
  it('is an execution of its own, with the variables of the VM and its own', async () => {
    await make(
      { type: 'daemon', command: 'echo $A $B; sleep 600', environment: { B: 'own' } },
      { environment: { A: 'vm', B: 'vm' } },
    );

    const status = await untilStatus(runs);
    expect(await outputOf(status, 'own')).toBe('vm own\n');
    expect(status).toMatchObject({ runs: 1, lastExitAt: null, message: null });
    const execution = await server.engine.executions.get(ADMIN, status.executionId ?? never());
    expect(execution).toMatchObject({ isWorkload: true, state: 'running', owner: 'admin' });
    expect(execution.request.env).toEqual({});
    expect(await told('workload.started', 'workload.exited')).toMatchObject([{ type: 'workload.started', runs: 1 }]);
  });

  it('is run again when it ends, and that is told', async () => {
    await make({ type: 'daemon', command: 'echo run; exit 3', restartDelayMs: 100, longestRestartDelayMs: 100 });

    const status = await untilStatus((each) => each.runs >= 3 && each.state === 'waiting');
    expect(status).toMatchObject({ lastExitCode: 3, lastSignal: null });
    expect(await outputOf(status, 'run\nrun\nrun\n')).toContain('run');
    const events = await told('workload.started', 'workload.exited');
    expect(events).toContainEqual(expect.objectContaining({ type: 'workload.exited', runs: 1, exit_code: 3 }));
    expect(events).toContainEqual(expect.objectContaining({ type: 'workload.started', runs: 2 }));
  });

  it.each([
    ['exit 0', 'completed', 0],
    ['exit 4', 'failed', 4],
  ])('of a batch is over with its end: %s', async (command, state, code) => {
    await make({ type: 'batch', command });

    const status = await untilStatus((each) => each.state === state);
    expect(status).toMatchObject({ runs: 1, lastExitCode: code, lastExitAt: expect.any(Number) });
    expect(await told('workload.exited')).toMatchObject([{ state, exit_code: code }]);
    // Nobody begins it again, not even another server.
    await restart();
    const again = await server.engine.executions.list(ADMIN, { limit: 9, after: null });
    expect(again.items).toHaveLength(1);
  });

  it('that cannot be started has failed, and says why', async () => {
    await make({ type: 'daemon', entrypoint: ['/nonexistent'] });

    const status = await untilStatus((each) => each.state === 'failed');
    expect(status).toMatchObject({ runs: 0, message: 'The guest has no such program.' });
  });

  it('goes on when the server is another one, and is begun once', async () => {
    await make({ type: 'daemon', command: 'echo up; sleep 600' });
    const before = await untilStatus(runs);
    await outputOf(before, 'up');
    await restart();

    const { executionId } = await untilStatus(runs);
    expect(executionId).toBe(before.executionId);
    expect(await outputOf(before, 'up')).toBe('up\n');
    expect((await server.engine.executions.list(ADMIN, { limit: 9, after: null })).items).toHaveLength(1);
  });

  it('is begun anew with each life of its VM, and is lost with it', async () => {
    await make({ type: 'daemon', command: 'sleep 600' });
    const first = await untilStatus(runs);
    await finish(server, (await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 })).operation);

    const lost = await untilStatus(({ state }) => state === 'lost');
    expect(lost.executionId).toBe(first.executionId);
    await finish(server, (await server.engine.vms.start(ADMIN, 'bird', {})).operation);
    const second = await untilStatus((each) => runs(each) && each.incarnation === 2);
    expect(second.executionId).not.toBe(first.executionId);
  });

  it('is run anew when that is asked for, also when it is over', async () => {
    await make({ type: 'batch', command: 'echo once; sleep 600' });
    await untilStatus(runs);
    await server.engine.workloads.restart(ADMIN, 'bird', { graceMs: 1_000, ...soon });
    const again = await untilStatus((each) => each.runs === 2);
    expect(again).toMatchObject({ lastSignal: 'SIGTERM' });

    await server.engine.executions.signal(ADMIN, again.executionId ?? never(), 'SIGTERM');
    await untilStatus(({ state }) => state === 'failed');
    await server.engine.workloads.restart(ADMIN, 'bird', { graceMs: 0, ...soon });
    const anew = await untilStatus(runs);
    expect(anew.executionId).not.toBe(again.executionId);
    const audited = await server.engine.audit.list(ADMIN, { limit: 9, after: null, action: 'workload.restart' });
    expect(audited.items).toHaveLength(2);
  });

  it('counts as no command of its user, and keeps its VM from no sleep', async () => {
    await make({ type: 'daemon', command: 'sleep 600' });
    await untilStatus(runs);

    expect(await server.store.executions.countActiveOf('admin')).toBe(0);
  });

  it('is not there where there is none', async () => {
    await create(server, 'idle');

    const none = { reason: 'workload.none' };
    await expect(server.engine.workloads.get(ADMIN, 'idle')).rejects.toMatchObject(none);
    await expect(server.engine.workloads.restart(ADMIN, 'idle', { graceMs: 0, ...soon })).rejects.toMatchObject(none);
    expect((await server.engine.vms.get(ADMIN, 'idle')).workloadStatus).toBeNull();
  });
});

describe('the HTTP interface of a workload', () => {
  const http = { type: 'http', command: 'sleep 600', baseUrl: 'http://localhost:80/api' } as const;
  const action = { description: '', method: 'POST', path: '/reload', timeoutMs: 5_000 } as const;

  it('is described by its document: as given, or as it serves it', async () => {
    await make(http, { openapi: { kind: 'path', path: '/openapi.json' } });
    const { workloadInterfaces } = server.engine;

    // The web server of a simulated guest tells what it was asked.
    expect(await workloadInterfaces.openapi(ADMIN, 'bird', soon)).toEqual({ method: 'GET', path: '/api/openapi.json' });
    await create(server, 'plain');
    await expect(workloadInterfaces.openapi(ADMIN, 'plain', soon)).rejects.toMatchObject({ reason: 'openapi.none' });
  });

  it('is told to do what it can, once, and that is audited', async () => {
    await make(http, { actions: { reload: action } });
    const { workloadInterfaces } = server.engine;

    const answer = await workloadInterfaces.act(ADMIN, 'bird', { action: 'reload', body: { now: true } }, soon);
    expect(answer).toMatchObject({ status: 200, contentType: 'application/json' });
    expect(new TextDecoder().decode(answer.body)).toBe('{"method":"POST","path":"/api/reload"}');
    await expect(
      workloadInterfaces.act(ADMIN, 'bird', { action: 'toString', body: undefined }, soon),
    ).rejects.toMatchObject({ reason: 'workload.unknown_action', details: { allowed: ['reload'] } });
    const audited = await server.engine.audit.list(ADMIN, { limit: 9, after: null, action: 'workload.act' });
    expect(audited.items).toHaveLength(1);
  });

  it.each([
    [7, /is no good|no answer/],
    [81, /takes no connection/],
  ])('that does not answer at port %i is no fault of ours', async (port, message) => {
    await make({ type: 'http', command: 'sleep 600', port }, { actions: { reload: { ...action, timeoutMs: 300 } } });

    const asked = server.engine.workloadInterfaces.act(ADMIN, 'bird', { action: 'reload', body: undefined }, soon);
    await expect(asked).rejects.toMatchObject({
      reason: 'workload.no_answer',
      message: expect.stringMatching(message),
    });
  });
});

function never(): never {
  throw new Error('there is no execution');
}
