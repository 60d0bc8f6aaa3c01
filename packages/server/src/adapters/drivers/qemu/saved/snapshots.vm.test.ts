import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import type { GuestLink } from '../../../../ports/guest-link.ts';
import { connectQmp } from '../connect-qmp.ts';
import { readRecord } from '../launch-record.ts';
import { runInGuest } from '../run-in-guest.fixture.ts';
import { useQemu } from '../use-qemu.fixture.ts';
import { vmDirectory } from '../vm-directory.ts';
import { captureMachine } from './capture.ts';
import { digestSparse } from './memory/copy-memory.ts';

/* Machines that go on where another one was: real guests, real memory. */

/** How wrong the clock of a restored guest may be. */
const CLOCK_ERROR_MS = 50;
const options = { signal: new AbortController().signal };
const qemu = useQemu();

/**
 * What the guest's clock may be wrong by at least and at most, milliseconds: its time was told between the question and the answer.
 * Of some tries the quickest tells most.
 */
async function clockErrorOf(link: GuestLink): Promise<{ readonly leastMs: number; readonly mostMs: number }> {
  let best = { leastMs: -Infinity, mostMs: Infinity };
  for (let i = 0; i < 8; i++) {
    const askedAt = Date.now();
    const toldAt = Number(await runInGuest(link, 'date +%s%3N'));
    const answeredAt = Date.now();
    if (answeredAt - askedAt < best.mostMs - best.leastMs)
      best = { leastMs: toldAt - answeredAt, mostMs: toldAt - askedAt };
  }
  return best;
}

test('forks go on from the same memory, each as itself, and their source is not changed', {
  timeout: 120_000,
}, async () => {
  const source = qemu.newMachine({ name: 'source' });
  const link = await qemu.start(source);
  await runInGuest(
    link,
    'echo on-the-disk > /root/file; (i=0; while :; do echo $((i=i+1)) > /dev/shm/count; sleep 0.05; done) > /dev/null 2>&1 &',
  );
  await runInGuest(link, 'until [ "$(cat /dev/shm/count)" -ge 5 ]; do sleep 0.05; done');
  const id = qemu.newSnapshot();
  const summary = await qemu.driver.saveMachine(source.vmId, id, options);
  const before = Number(await runInGuest(link, 'cat /dev/shm/count'));

  expect(summary).toMatchObject({ vcpuCount: 1, memoryMib: 192 });
  const from = { kind: 'snapshot', id } as const;
  const forks: string[][] = [];
  for (const name of ['one', 'two']) {
    const fork = qemu.newMachine({ name, from });
    const forked = await qemu.start(fork);
    const [count, ...rest] = (
      await runInGuest(
        forked,
        'cat /dev/shm/count /root/file; hostname; cat /etc/machine-id; cat /proc/sys/kernel/random/uuid',
      )
    ).split('\n');
    expect(Number(count)).toBeGreaterThan(0);
    const { leastMs, mostMs } = await clockErrorOf(forked);
    expect(leastMs).toBeLessThan(CLOCK_ERROR_MS);
    expect(mostMs).toBeGreaterThan(-CLOCK_ERROR_MS);
    forks.push(rest);
    const later = await runInGuest(forked, 'sleep 0.3; cat /dev/shm/count');
    expect(Number(later)).toBeGreaterThan(Number(count));
  }
  expect(forks.map(([file, hostname]) => [file, hostname])).toEqual([
    ['on-the-disk', 'one'],
    ['on-the-disk', 'two'],
  ]);
  expect(new Set(forks.map(([, , machineId]) => machineId)).size).toBe(2);
  expect(new Set(forks.map(([, , , uuid]) => uuid)).size).toBe(2);
  // The source goes on as if nothing had been.
  expect(Number(await runInGuest(link, 'sleep 0.3; cat /dev/shm/count'))).toBeGreaterThan(before);
  expect(await runInGuest(link, 'hostname')).toBe('source');
});

test('a fork can be saved and forked as well, also when what it came from has been removed', {
  timeout: 120_000,
}, async () => {
  const first = qemu.newMachine();
  await runInGuest(await qemu.start(first), 'echo one > /dev/shm/one');
  const ids = [qemu.newSnapshot(), qemu.newSnapshot()] as const;
  await qemu.driver.saveMachine(first.vmId, ids[0], options);
  const second = qemu.newMachine({ from: { kind: 'snapshot', id: ids[0] } });
  const link = await qemu.start(second);
  await runInGuest(link, 'echo two > /dev/shm/two');
  await qemu.driver.deleteSaved(ids[0], options);
  await qemu.driver.pauseMachine(second.vmId, options);

  await qemu.driver.saveMachine(second.vmId, ids[1], options);

  expect((await qemu.driver.inspect(second.vmId, options)).machine.kind).toBe('paused');
  const third = qemu.newMachine({ name: 'third', from: { kind: 'snapshot', id: ids[1] } });
  expect(await runInGuest(await qemu.start(third), 'cat /dev/shm/one /dev/shm/two; hostname')).toBe('one\ntwo\nthird');
});

test('a server that dies over a restore leaves one that the next server completes', { timeout: 120_000 }, async () => {
  const source = qemu.newMachine();
  await qemu.start(source);
  const id = qemu.newSnapshot();
  await qemu.driver.saveMachine(source.vmId, id, options);
  const fork = qemu.newMachine({ name: 'fork', from: { kind: 'snapshot', id } });
  await qemu.driver.createDisk(fork, options);
  await qemu.driver.startMachine(fork, options);
  await qemu.driver[Symbol.asyncDispose]();
  qemu.driver = qemu.host.makeDriver();

  expect(await runInGuest(await qemu.driver.openLink(fork.vmId, options), 'hostname')).toBe('fork');
});

test('what was changed or cut short is refused, and so is what does not fit', { timeout: 120_000 }, async () => {
  const source = qemu.newMachine();
  const link = await qemu.start(source);
  const id = qemu.newSnapshot();
  await qemu.driver.saveMachine(source.vmId, id, options);
  const from = { kind: 'snapshot', id } as const;
  const larger = qemu.newMachine({ from });
  await qemu.driver.createDisk(larger, options);
  const spec = { ...larger.spec, memoryMib: 256 };

  await expect(qemu.driver.startMachine({ ...larger, spec }, options)).rejects.toMatchObject({
    reason: 'snapshot.does_not_fit',
  });

  const directory = join(qemu.host.dataDir, 'snapshots', id);
  for (const name of ['memory', 'devices', 'disk.qcow2']) {
    const path = join(directory, name);
    const whole = readFileSync(path);
    const middle = Math.floor(whole.length / 2);
    writeFileSync(
      path,
      Buffer.concat([
        whole.subarray(0, middle),
        Buffer.from([0xff ^ (whole[middle] ?? 0)]),
        whole.subarray(middle + 1),
      ]),
    );
    await expect(qemu.driver.startMachine(larger, options)).rejects.toMatchObject({
      code: 'data_loss',
      reason: 'snapshot.damaged',
    });
    writeFileSync(path, whole);
  }
  truncateSync(join(directory, 'memory'), 4096);
  await expect(qemu.driver.startMachine(larger, options)).rejects.toMatchObject({ reason: 'snapshot.damaged' });
  expect(await runInGuest(link, 'echo untouched')).toBe('untouched');
});

test('a fork that writes all over its memory changes nothing for others', { timeout: 120_000 }, async () => {
  const source = qemu.newMachine();
  await qemu.start(source);
  const id = qemu.newSnapshot();
  await qemu.driver.saveMachine(source.vmId, id, options);
  const memory = join(qemu.host.dataDir, 'snapshots', id, 'memory');
  const before = digestSparse(memory);
  const fork = qemu.newMachine({ from: { kind: 'snapshot', id } });

  await runInGuest(
    await qemu.start(fork),
    'dd if=/dev/urandom of=/dev/shm/noise bs=1M count=60 2>&1; echo 3 > /proc/sys/vm/drop_caches',
  );

  expect(digestSparse(memory)).toBe(before);
});

test('a fork that is asked to balloon gives nothing back of the memory that it shares', {
  timeout: 120_000,
}, async () => {
  const source = qemu.newMachine();
  await qemu.start(source);
  const id = qemu.newSnapshot();
  await qemu.driver.saveMachine(source.vmId, id, options);
  const memory = join(qemu.host.dataDir, 'snapshots', id, 'memory');
  const before = digestSparse(memory);
  const fork = qemu.newMachine({ from: { kind: 'snapshot', id } });
  const link = await qemu.start(fork);

  const answers = await askMonitor(join(qemu.host.dataDir, 'vms', fork.vmId, 'run', 'rescue.sock'), [
    { execute: 'balloon', arguments: { value: 64 * 1024 ** 2 } },
    { execute: 'device_add', arguments: { driver: 'virtio-balloon-pci', id: 'balloon0' } },
    { execute: 'balloon', arguments: { value: 64 * 1024 ** 2 } },
  ]);
  await runInGuest(link, 'cat /proc/meminfo > /dev/null; echo 1 > /proc/sys/vm/compact_memory; sleep 0.5');

  // There is no balloon, and none can be plugged in.
  expect(answers.map((answer) => 'error' in answer)).toEqual([true, true, true]);
  expect(digestSparse(memory)).toBe(before);
  const sibling = qemu.newMachine({ name: 'sibling', from: { kind: 'snapshot', id } });
  expect(await runInGuest(await qemu.start(sibling), 'hostname')).toBe('sibling');
});

test('a full disk leaves the machine running, and nothing half-made', { timeout: 120_000 }, async ({ skip }) => {
  const source = qemu.newMachine();
  const link = await qemu.start(source);
  const directory = join(qemu.host.dataDir, 'snapshots');
  mkdirSync(directory, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    skip('file systems cannot be mounted here');
  }
  try {
    await expect(qemu.driver.saveMachine(source.vmId, qemu.newSnapshot(), options)).rejects.toMatchObject({
      code: 'resource_exhausted',
      reason: 'driver.disk_full',
    });

    expect(readdirSync(directory)).toEqual([]);
  } finally {
    execFileSync('umount', [directory]);
  }
  expect((await qemu.driver.inspect(source.vmId, options)).machine.kind).toBe('running');
  expect(await runInGuest(link, 'echo alive')).toBe('alive');
  expect(readdirSync(join(qemu.host.dataDir, 'vms', source.vmId, 'run'))).not.toContain('devices.new');
});

/** What a monitor answers to commands that the server never gives, one after the other. */
async function askMonitor(path: string, commands: readonly object[]): Promise<readonly object[]> {
  const socket = connect(path);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const next = async (): Promise<object> => {
    for (;;) {
      const line: object = JSON.parse((await lines.next()).value ?? '{}');
      if (!('event' in line)) return line;
    }
  };
  await next();
  const answers: object[] = [];
  for (const command of [{ execute: 'qmp_capabilities' }, ...commands]) {
    socket.write(`${JSON.stringify(command)}\n`);
    answers.push(await next());
  }
  socket.destroy();
  await once(socket, 'close');
  return answers.slice(1);
}

test('a guest that ends while its machine is about to be halted cannot be saved, and is told to have ended', async () => {
  const machine = qemu.newMachine();
  const link = await qemu.start(machine);
  const directory = vmDirectory(qemu.host.dataDir, machine.vmId);
  const stored = await readRecord(directory.recordPath);
  if (stored.kind !== 'valid' || stored.record.process === null) throw new Error('there is no record');
  const { record } = stored;
  await using client = await connectQmp(directory, record.uuid);
  const ask = client.execute.bind(client);
  let isFirst = true;
  vi.spyOn(client, 'execute').mockImplementation(async (command, argument) => {
    const answer = await ask(command, argument);
    if (command === 'query-status' && isFirst) {
      isFirst = false;
      await link.shutDown('power-off', { ...options, graceMs: 1_000 });
      await vi.waitUntil(async () => (await ask('query-status', null)).status === 'shutdown', { timeout: 60_000 });
    }
    return answer;
  });
  const out = join(qemu.host.dataDir, 'never');
  mkdirSync(out);
  const size = { vcpuCount: machine.spec.vcpuCount, memoryMib: machine.spec.memoryMib };

  const saving = captureMachine({
    ...{ client, directory, record, ...size, out, imageToolPath: 'qemu-img', isPrepared: false, ...options },
    pid: record.process?.pid ?? 0,
  });

  await expect(saving).rejects.toMatchObject({ reason: 'driver.no_machine' });
});
