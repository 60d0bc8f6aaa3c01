import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import type { CloudInit } from '../../domain/vm/cloud-init.ts';
import { type CloudInitStatus, cloudInitStatusOf } from '../../domain/vm/cloud-init-status.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { completeWorkload } from '../../domain/workload/workload.ts';
import { sampleImage } from '../../ports/store-contract/samples.contract.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { waitFor } from '../queries/wait-for.ts';
import { finish, request, soon } from '../vm-life.test-kit.ts';
import { faultsOf } from './read-outcome.ts';

let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const NOTHING: CloudInit = { userData: null, metaData: null, networkConfig: null };
const SEED = '/var/lib/cloud/seed/nocloud';

/** A VM whose cloud-init comes to that. */
async function make(how: string, more: Partial<VmSpec> = {}): Promise<Vm> {
  const cloudInit = { ...NOTHING, userData: `#cloud-config\n# simulate: ${how}\n` };
  const asked = { ...request('bird'), spec: { cloudInit, ...more } };
  const { operation } = await server.engine.vms.create(ADMIN, asked);
  await finish(server, operation);
  return await server.engine.vms.get(ADMIN, 'bird');
}

async function untilVm(isSo: (vm: Vm) => boolean, name = 'bird'): Promise<Vm> {
  const { id } = await server.engine.vms.get(ADMIN, name);
  const found = await waitFor(
    { bus: server.bus, clock: createSystemClock() },
    { topic: 'vm', key: id },
    soon,
    async () => {
      const vm = await server.engine.vms.get(ADMIN, name);
      return isSo(vm) ? vm : undefined;
    },
  );
  if (found === undefined) throw new Error(JSON.stringify(await server.engine.vms.get(ADMIN, name)));
  return found;
}

async function untilOver(name = 'bird'): Promise<CloudInitStatus> {
  const vm = await untilVm((each) => (cloudInitStatusOf(each)?.completedAt ?? null) !== null, name);
  const status = cloudInitStatusOf(vm);
  if (status === null) throw new Error('nothing was asked of it');
  return status;
}

async function readText(path: string): Promise<string> {
  const { content } = await server.engine.files.read(ADMIN, 'bird', path, soon);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function executions(): Promise<number> {
  return (await server.engine.executions.list(ADMIN, { limit: 50, after: null })).items.length;
}

const letGo = (): Promise<unknown> => server.engine.files.makeDirectory(ADMIN, 'bird', '/go', soon);

describe('cloud-init in a VM that boots our way', () => {
  it('is a tool of it, and its stages are an execution that anybody can read', async () => {
    const { spec } = await make('done');
    expect(spec.tools).toMatchObject([{ name: 'cloud-init', version: '22.4.2', digest: expect.any(String) }]);

    const status = await untilOver();
    expect(status).toMatchObject({ state: 'done', errors: [], incarnation: 1 });
    const execution = await server.engine.executions.get(ADMIN, status.executionId ?? never());
    expect(execution).toMatchObject({ state: 'exited', exitCode: 0, principal: 'system', owner: 'admin' });
    expect(execution.request.argv[0]).toBe('/opt/volary/tools/cloud-init/usr/bin/python3');
    expect(execution.request.env).toEqual({ RES_OPTIONS: 'timeout:1 attempts:1' });
    const events = await server.store.events.list({ after: 0, limit: 1_000 });
    expect(events.filter(({ type }) => type === 'vm.cloud_init_completed').map(({ data }) => data)).toMatchObject([
      { name: 'bird', state: 'done', execution_id: status.executionId, errors: [] },
    ]);
  });

  it('is given the seed as files, with who the machine is', async () => {
    const { id } = await make('done', {
      cloudInit: { userData: '#!/bin/sh\ntrue\n', metaData: 'local-hostname: other\n', networkConfig: null },
    });
    await untilOver();

    expect(await readText(`${SEED}/user-data`)).toBe('#!/bin/sh\ntrue\n');
    expect(JSON.parse(await readText(`${SEED}/meta-data`))).toEqual({ 'instance-id': id, 'local-hostname': 'bird' });
    expect(await readText(`${SEED}/meta-data.asked`)).toBe('local-hostname: other\n');
    expect(await readText('/etc/cloud/cloud.cfg.d/50_volary.cfg')).toBe('config');
    expect(await server.engine.files.stat(ADMIN, 'bird', `${SEED}/user-data`, soon)).toMatchObject({ mode: 0o600 });
  });

  it.each([
    ['error', 'error', ["('scripts-user', RuntimeError('1 failure'))"]],
    ['degraded', 'degraded', ['ntp does nothing']],
    ['crash', 'error', ['It ended with 1; its output says why.']],
  ])('tells what it came to: %s', async (how, state, errors) => {
    await make(how);

    expect(await untilOver()).toMatchObject({ state, errors });
    expect((await server.engine.vms.get(ADMIN, 'bird')).status.phase).toBe('running');
  });

  it('is over before what runs in the VM begins, however it ends', async () => {
    const workload = completeWorkload({ type: 'daemon', command: 'sleep 600' });
    await make('wait', { workload });
    const running = await untilVm((vm) => vm.cloudInitStatus?.state === 'running');
    expect(running.workloadStatus).toBeNull();

    await letGo();
    await untilVm((vm) => vm.workloadStatus?.state === 'running');
    expect(await untilOver()).toMatchObject({ state: 'done' });
  });

  it('is done once in a life, also where another server goes on, and again in the next', async () => {
    await make('wait');
    const begun = await untilVm((vm) => vm.cloudInitStatus?.state === 'running');
    await server.stop();
    server = await installation.start();
    await letGo();
    expect(await untilOver()).toMatchObject({ state: 'done', executionId: begun.cloudInitStatus?.executionId });
    expect(await executions()).toBe(1);

    await finish(server, (await server.engine.vms.restart(ADMIN, 'bird', { graceMs: 0 })).operation);
    await letGo().catch(() => undefined);
    const next = await untilVm(
      (vm) => vm.cloudInitStatus?.incarnation === 2 && vm.cloudInitStatus.completedAt !== null,
    );
    expect(next.cloudInitStatus?.executionId).not.toBe(begun.cloudInitStatus?.executionId);
    expect(await executions()).toBe(2);
  });

  it('stays when other tools take the place of those that the VM has', async () => {
    await make('done');
    await untilOver();

    await server.engine.vms.update(ADMIN, 'bird', { tools: ['git'] }, {});
    const { spec } = await server.engine.vms.get(ADMIN, 'bird');
    expect(spec.tools.map(({ name }) => name)).toEqual(['git', 'cloud-init']);
  });

  it('leaves the network alone: a configuration of it is refused by its path', async () => {
    const asked = { ...request('bird'), spec: { cloudInit: { ...NOTHING, networkConfig: 'version: 2\n' } } };

    await expect(server.engine.vms.create(ADMIN, asked)).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'vm.cloud_init_unsupported',
      details: { field: 'cloud_init.network_config' },
    });
  });

  it('is not there where nothing is asked of it', async () => {
    const { operation } = await server.engine.vms.create(ADMIN, request('bird'));
    await finish(server, operation);

    const vm = await server.engine.vms.get(ADMIN, 'bird');
    expect([cloudInitStatusOf(vm), vm.spec.tools]).toEqual([null, []]);
  });
});

it('the cloud-init of a whole system is waited for, and one that has none says so', async () => {
  await server.store.images.put(sampleImage('debian'));
  await make('done', { image: 'debian' });

  const status = await untilOver();
  const { request: asked } = await server.engine.executions.get(ADMIN, status.executionId ?? never());
  expect(asked.argv.at(-1)).toContain('cloud-init status --wait');
  // A simulated guest has none.
  expect(status.state).toBe('error');
});

it.each([
  ['', { errors: [], lesser: [] }],
  ['[]', { errors: [], lesser: [] }],
  ['{"v1": 7}', { errors: [], lesser: [] }],
  ['{"v1": {"a": null, "b": {"errors": "x"}, "c": {"errors": ["y", 1]}}}', { errors: ['y'], lesser: [] }],
  ['{"v1": {"a": {"recoverable_errors": {"WARNING": ["w"], "x": 1}}}}', { errors: [], lesser: ['w'] }],
])('what a guest writes is taken for what it is: %s', (text, faults) => {
  expect(faultsOf(text)).toEqual(faults);
});

function never(): never {
  throw new Error('there is no execution');
}
