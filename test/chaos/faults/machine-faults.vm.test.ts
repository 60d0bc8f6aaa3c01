import { existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Vm } from '@volary/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRunning, eventAfter, type RunningServer, runServer } from './running-server.ts';

/* What happens to machines from outside and inside, told by the whole server with real QEMU. */

/** The agent is asked every 10 s, and given 5 s to answer. */
const NOTICED_MS = 40_000;
let server: RunningServer;

beforeAll(async () => {
  server = await runServer('qemu');
});
afterAll(() => server[Symbol.asyncDispose]());

function pidOf({ pid }: Vm): number {
  if (pid === null) throw new Error('the VM has no pid');
  return pid;
}

async function echo(name: string): Promise<string> {
  const { stdout } = await server.client.executions.run(name, { argv: ['echo', 'here'] });
  return Buffer.from(stdout).toString();
}

test('a frozen monitor, with its agent, is degraded and never killed; set going again, it is healthy', async () => {
  const { client } = server;
  const vm = await createRunning(client, 'frozen');
  const pid = pidOf(vm);
  const isHealth = (health: string) => (event: { readonly type: string; readonly data: object }) =>
    event.type === 'vm.health_changed' && 'to' in event.data && event.data.to === health;

  await eventAfter(client, () => process.kill(pid, 'SIGSTOP'), isHealth('degraded'), NOTICED_MS);
  expect(await client.vms.get('frozen')).toMatchObject({ phase: 'running', health: 'degraded', pid });

  await eventAfter(client, () => process.kill(pid, 'SIGCONT'), isHealth('healthy'), NOTICED_MS);
  expect(await client.vms.get('frozen')).toMatchObject({ phase: 'running', health: 'healthy', pid, incarnation: 1 });
  expect(await echo('frozen')).toBe('here\n');
});

test('a frozen monitor can be deleted all the same', async () => {
  const { client } = server;
  const vm = await createRunning(client, 'stuck');
  process.kill(pidOf(vm), 'SIGSTOP');

  await client.operations.finish((await client.vms.delete('stuck')).id);

  // Dead at once; its entry goes when its parent has been told.
  await expect.poll(() => existsSync(`/proc/${vm.pid}/stat`)).toBe(false);
});

test('a monitor that is killed is told within a second', async () => {
  const { client } = server;
  const vm = await createRunning(client, 'killed');

  const { event, afterMs } = await eventAfter(
    client,
    () => process.kill(pidOf(vm), 'SIGKILL'),
    ({ type, subject }) => type === 'vm.failed' && subject === vm.id,
    10_000,
  );

  expect(afterMs).toBeLessThan(1_000);
  expect(event.data).toMatchObject({ reason: 'vm.vmm_died' });
  expect((await client.vms.get('killed')).failure).toMatchObject({ reason: 'vm.vmm_died' });
});

test('a guest whose kernel panics has failed, with what its console said last', async () => {
  const { client } = server;
  const vm = await createRunning(client, 'panicked');
  const panic = { command: 'echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger' };

  await eventAfter(
    client,
    () => client.executions.detach('panicked', panic),
    ({ type, subject }) => type === 'vm.failed' && subject === vm.id,
    20_000,
  );

  const { failure } = await client.vms.get('panicked');
  expect(failure).toMatchObject({ reason: 'vm.panicked' });
  expect(failure?.console_tail).toContain('sysrq');
});

test('a disk that is damaged is refused, and said; the VM can be deleted', async () => {
  const { client, dataDir } = server;
  const vm = await createRunning(client, 'damaged');
  await client.operations.finish((await client.vms.stop('damaged', { grace_ms: 0 })).id);
  const disk = openSync(join(dataDir, 'vms', vm.id, 'run/disk.qcow2'), 'r+');
  writeSync(disk, Buffer.alloc(4_096), 0, 4_096, 0);

  const starting = client.operations.finish((await client.vms.start('damaged')).id);

  await expect(starting).rejects.toMatchObject({ code: 'data_loss', reason: 'driver.disk_damaged' });
  expect(await client.vms.get('damaged')).toMatchObject({
    phase: 'failed',
    failure: { reason: 'driver.disk_damaged' },
  });
});

test('commands under way when the monitor dies are lost, with what they had said', async () => {
  const { client } = server;
  const vm = await createRunning(client, 'talking');
  const session = await client.executions.start('talking', { command: 'echo first; sleep 600' });
  const output = session.output[Symbol.asyncIterator]();
  expect(Buffer.from((await output.next()).value?.bytes ?? []).toString()).toBe('first\n');

  process.kill(pidOf(vm), 'SIGKILL');
  while ((await output.next()).done !== true);

  expect(await session.exit).toMatchObject({ state: 'lost', exit_code: null });
  const kept: Uint8Array[] = [];
  for await (const bytes of client.executions.readOutput(session.execution.id, { stream: 'stdout' })) kept.push(bytes);
  expect(Buffer.concat(kept).toString()).toBe('first\n');
});
