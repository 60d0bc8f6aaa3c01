import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { VmId } from '../../../domain/ids.ts';
import type { DiskSpec, MachineSpec } from '../../../ports/driver.ts';
import { waitForMachine } from '../../../ports/driver-contract/subject.contract.ts';
import { connectSocket } from '../../shared/connect-socket.ts';
import { readBootId, readProcess } from '../../shared/process.ts';
import { identityOf } from '../../shared/vm-identity.ts';
import { readRecord, writeRecord } from './launch-record.ts';
import { factsPath, suspendedPath } from './saved/saved-machine.ts';
import { useQemu } from './use-qemu.fixture.ts';
import { type VmDirectory, vmDirectory } from './vm-directory.ts';

/* What the contract cannot ask of every driver: faults of real processes, files and sockets. */

const options = { signal: new AbortController().signal };
const qemu = useQemu();

async function started(
  changes: Partial<DiskSpec> = {},
): Promise<{ readonly machine: MachineSpec; readonly directory: VmDirectory }> {
  const machine = qemu.newMachine(changes);
  await qemu.driver.createDisk(machine, options);
  await qemu.driver.startMachine(machine, options);
  return { machine, directory: vmDirectory(qemu.host.dataDir, machine.vmId) };
}

async function pidOf(vmId: VmId): Promise<number> {
  const { machine } = await qemu.driver.inspect(vmId, options);
  if (machine.kind !== 'running' || machine.pid === null) throw new Error(`the machine is ${machine.kind}`);
  return machine.pid;
}

async function edit(directory: VmDirectory, changes: object): Promise<void> {
  const stored = await readRecord(directory.recordPath);
  if (stored.kind !== 'valid') throw new Error('there is no record');
  await writeRecord(directory.recordPath, { ...stored.record, ...changes });
}

test('a VMM has no rights, no environment of ours, and a run directory that is closed to others', async () => {
  const { machine, directory } = await started();
  const pid = await pidOf(machine.vmId);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');

  expect(status).toMatch(/NoNewPrivs:\t1/);
  expect(status).toMatch(/Seccomp:\t2/);
  expect(statSync(directory.runPath).mode & 0o777).toBe(0o700);
  expect(statSync(directory.path).mode & 0o777).toBe(0o700);
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('HOME=');
  const identity = identityOf(machine.vmId, []);
  if (identity !== null) {
    expect(status).toMatch(new RegExp(`Uid:\\t${identity.uid}\\t${identity.uid}\\t${identity.uid}`));
    expect(status).toMatch(/Groups:\t\s*\n/);
    expect(status).toMatch(/CapEff:\t0+\n/);
  }
  // A session of its own: a signal to ours does not reach it.
  expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]).toBe(String(pid));
});

test('a VMM that is killed leaves its last words', async () => {
  const { machine, directory } = await started();
  const pid = await pidOf(machine.vmId);
  writeFileSync(directory.stderrPath, 'qemu: these were my last words\n');

  process.kill(pid, 'SIGKILL');
  const { end } = await waitForMachine(qemu.driver, machine.vmId, 'ended');

  expect(end).toEqual({ cause: 'vmm-died', detail: 'qemu: these were my last words' });
});

test('a start that is called off leaves nothing of the life that it had begun', async () => {
  const machine = qemu.newMachine();
  const directory = vmDirectory(qemu.host.dataDir, machine.vmId);
  await qemu.driver.createDisk(machine, options);
  const caller = new AbortController();

  const starting = qemu.driver.startMachine(machine, { signal: caller.signal });
  // Its VMM exists once its words have a file.
  await expect.poll(() => existsSync(directory.stderrPath), { interval: 1 }).toBe(true);
  caller.abort();

  await expect(starting).rejects.toThrow();
  expect((await qemu.driver.inspect(machine.vmId, options)).machine.kind).toBe('absent');
  expect((await readdir(directory.path)).sort()).toEqual(['disk.json', 'link.key', 'run']);
  expect(await readdir(directory.runPath)).toEqual(['disk.qcow2']);
});

test('where the control monitor is held, the rescue monitor serves; where both are, the machine can still be ended', async () => {
  const { machine, directory } = await started();
  await qemu.driver[Symbol.asyncDispose]();
  qemu.driver = qemu.host.makeDriver();
  const control = await connectSocket(directory.controlSocketPath);
  await once(control, 'data');

  expect((await qemu.driver.inspect(machine.vmId, options)).machine.kind).toBe('running');

  await qemu.driver[Symbol.asyncDispose]();
  qemu.driver = qemu.host.makeDriver();
  const rescue = await connectSocket(directory.rescueSocketPath);
  await once(rescue, 'data');
  const { machine: state } = await qemu.driver.inspect(machine.vmId, options);
  expect(state).toMatchObject({ kind: 'unresponsive', incarnation: 1, detail: expect.stringContaining('held') });
  await qemu.driver.endMachine(machine.vmId, options);
  expect((await qemu.driver.inspect(machine.vmId, options)).machine.kind).toBe('absent');
  control.destroy();
  rescue.destroy();
});

test('a process that has got the number of a VMM is never touched', async () => {
  const { machine, directory } = await started();
  const stranger = spawn('sleep', ['600'], { cwd: directory.runPath });
  const facts = readProcess(stranger.pid ?? 0);
  process.kill(await pidOf(machine.vmId), 'SIGKILL');
  await waitForMachine(qemu.driver, machine.vmId, 'ended');
  await edit(directory, {
    process: { pid: stranger.pid, startTimeTicks: facts?.startTimeTicks, bootId: readBootId() },
    end: null,
  });

  expect((await qemu.driver.inspect(machine.vmId, options)).machine.kind).toBe('ended');
  await qemu.driver.endMachine(machine.vmId, options);

  expect(readProcess(stranger.pid ?? 0)).not.toBeNull();
  stranger.kill('SIGKILL');
  await once(stranger, 'exit');
});

test('a machine is found again whose number could not be written down any more', async () => {
  const { machine, directory } = await started();
  const pid = await pidOf(machine.vmId);
  await edit(directory, { process: null });
  await qemu.driver[Symbol.asyncDispose]();
  qemu.driver = qemu.host.makeDriver();

  expect((await qemu.driver.inspect(machine.vmId, options)).machine).toMatchObject({ kind: 'running', pid });
  await qemu.driver.endMachine(machine.vmId, options);

  expect(readProcess(pid)).toBeNull();
});

test('a machine of an earlier boot of the host has ended, and a damaged record can be cleared', async () => {
  const { machine, directory } = await started();
  process.kill(await pidOf(machine.vmId), 'SIGKILL');
  await waitForMachine(qemu.driver, machine.vmId, 'ended');
  await edit(directory, { process: { pid: 2, startTimeTicks: 1, bootId: 'an earlier one' } });

  const { machine: earlier } = await qemu.driver.inspect(machine.vmId, options);
  expect(earlier).toMatchObject({ kind: 'ended', end: { cause: 'vmm-died', detail: 'The host was restarted.' } });
  writeFileSync(directory.recordPath, '');
  expect((await qemu.driver.inspect(machine.vmId, options)).machine).toMatchObject({ kind: 'ended', incarnation: 0 });
  await qemu.driver.endMachine(machine.vmId, options);
  expect((await qemu.driver.inspect(machine.vmId, options)).machine.kind).toBe('absent');
});

test('a machine whose record is lost or damaged is found by its process, and nothing of it is left', async () => {
  const losses: readonly ((directory: VmDirectory) => Promise<void>)[] = [
    async ({ recordPath }) => writeFileSync(recordPath, '{"version": 1'),
    async ({ recordPath }) => rm(recordPath),
  ];
  for (const lose of losses) {
    const { machine, directory } = await started();
    const pid = await pidOf(machine.vmId);
    await lose(directory);
    await qemu.driver[Symbol.asyncDispose]();
    qemu.driver = qemu.host.makeDriver();

    const { machine: state } = await qemu.driver.inspect(machine.vmId, options);
    expect(state).toMatchObject({ kind: 'unresponsive', incarnation: 0, pid });
    await qemu.driver.endMachine(machine.vmId, options);

    expect(readProcess(pid)).toBeNull();
    expect(await qemu.driver.inspect(machine.vmId, options)).toMatchObject({ machine: { kind: 'absent' } });
  }
});

test('a disk is not removed from under a machine of which nothing else is known', async () => {
  const { machine, directory } = await started();
  const pid = await pidOf(machine.vmId);
  await rm(directory.recordPath);
  await rm(directory.controlSocketPath);

  await qemu.driver.deleteDisk(machine.vmId, options);

  expect(readProcess(pid)).toBeNull();
  expect(existsSync(directory.path)).toBe(false);
});

test('what a newer version has started is neither ended nor cleared', async () => {
  const { machine, directory } = await started();
  const pid = await pidOf(machine.vmId);
  const ours = readFileSync(directory.recordPath, 'utf8');
  const theirs = ours.replace('"version": 1', '"version": 2');
  writeFileSync(directory.recordPath, theirs);
  const refusal = { code: 'failed_precondition', reason: 'driver.newer_version' };

  const { machine: state } = await qemu.driver.inspect(machine.vmId, options);
  expect(state).toMatchObject({ kind: 'unresponsive', incarnation: 1, pid });
  await expect(qemu.driver.endMachine(machine.vmId, options)).rejects.toMatchObject(refusal);
  await expect(qemu.driver.deleteDisk(machine.vmId, options)).rejects.toMatchObject({
    reason: 'driver.machine_present',
  });
  expect(await qemu.driver.findAll(options)).toEqual([]);

  expect(readProcess(pid)).not.toBeNull();
  expect(readFileSync(directory.recordPath, 'utf8')).toBe(theirs);
  writeFileSync(directory.recordPath, ours);
});

test('what another installation has started is not ours to find', async () => {
  const { machine, directory } = await started();
  await edit(directory, { installationId: 'another' });

  expect(await qemu.driver.findAll(options)).toEqual([]);

  await edit(directory, { installationId: 'test' });
  expect((await qemu.driver.findAll(options)).map(({ vmId }) => vmId)).toEqual([machine.vmId]);
});

test('an image that is gone is said, and nothing is left of the start', async () => {
  const machine = qemu.newMachine();
  await qemu.driver.createDisk(machine, options);
  await rm(join(qemu.host.dataDir, 'images', qemu.host.image.digest, 'initramfs'));

  const starting = qemu.driver.startMachine(machine, options);

  await expect(starting).rejects.toMatchObject({ code: 'data_loss', reason: 'image.lost' });
  await expect(starting).rejects.not.toThrow(qemu.host.dataDir);
  expect((await qemu.driver.inspect(machine.vmId, options)).machine.kind).toBe('absent');
});

test('a VMM that cannot start says why, in the log only, and leaves nothing', async () => {
  const machine = qemu.newMachine();
  const kernelPath = join(qemu.host.dataDir, 'no-kernel');
  mkdirSync(qemu.host.dataDir, { recursive: true });
  writeFileSync(kernelPath, 'this is no kernel');
  await qemu.driver.createDisk({ ...machine, image: { ...qemu.host.image, kernelPath } }, options);

  const starting = qemu.driver.startMachine(machine, options);

  await expect(starting).rejects.toMatchObject({
    code: 'unavailable',
    reason: 'driver.start_failed',
    context: { lastWords: expect.stringContaining('qemu') },
  });
  expect((await qemu.driver.inspect(machine.vmId, options)).machine.kind).toBe('absent');
  await qemu.driver.deleteDisk(machine.vmId, options);
  await qemu.driver.createDisk(machine, options);
  await qemu.driver.startMachine(machine, options);
});

test('no second VMM can open the disk of a running one', async () => {
  const { machine, directory } = await started();
  const pid = await pidOf(machine.vmId);
  const stored = await readRecord(directory.recordPath);
  writeFileSync(directory.recordPath, '');
  // Not even looking for a lost one would find it.
  await rm(directory.recordPath);
  await rm(directory.controlSocketPath);
  await qemu.driver[Symbol.asyncDispose]();
  qemu.driver = qemu.host.makeDriver();

  await expect(qemu.driver.startMachine({ ...machine, incarnation: 2 }, options)).rejects.toMatchObject({
    context: { lastWords: expect.stringContaining('lock') },
  });

  expect(readProcess(pid)).not.toBeNull();
  if (stored.kind === 'valid') await writeRecord(directory.recordPath, stored.record);
});

test('a guest that floods its console fills neither our disk nor our memory', async () => {
  const { machine, directory } = await started();
  const link = await qemu.driver.openLink(machine.vmId, options);
  async function* flood(): AsyncIterable<Uint8Array> {
    for (let i = 0; i < 64; i++) yield Buffer.alloc(32 * 1024, 'x');
  }

  await link.writeFile('/dev/console', flood(), options);
  for await (const _ of qemu.driver.readConsole(machine.vmId, { ...options, offset: 0, follow: false }));

  const names = (await readdir(directory.path)).filter((name) => name.startsWith('console-'));
  const bytes = names.reduce((sum, name) => sum + statSync(join(directory.path, name)).size, 0);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(1024 * 1024 + 256 * 1024);
});

test('what is left of a creation that was cut short is seen, and removed', async () => {
  const { vmId } = qemu.host.makeMachine();
  const directory = vmDirectory(qemu.host.dataDir, vmId);
  mkdirSync(directory.runPath, { recursive: true });
  writeFileSync(directory.linkKeyPath, '');

  expect(await qemu.driver.inspect(vmId, options)).toEqual({ disk: { kind: 'remnants' }, machine: { kind: 'absent' } });
  await qemu.driver.deleteDisk(vmId, options);

  expect(await qemu.driver.inspect(vmId, options)).toEqual({ disk: { kind: 'absent' }, machine: { kind: 'absent' } });
});

test('a disk of which nobody wrote down what it was made from says so', async () => {
  const machine = qemu.newMachine();
  await qemu.driver.createDisk(machine, options);
  writeFileSync(vmDirectory(qemu.host.dataDir, machine.vmId).diskOriginPath, '{"version": 1, "imageDigest": "../.."}');

  expect((await qemu.driver.inspect(machine.vmId, options)).disk).toEqual({ kind: 'present', imageDigest: null });
  expect(await qemu.driver.createDisk(machine, options)).toEqual({ imageDigest: null });
});

test('without QEMU it says what to install', async () => {
  const bare = qemu.host.makeDriver({ searchPath: qemu.host.cacheDir });

  await expect(bare.probe({ ...options, image: qemu.host.image })).rejects.toMatchObject({
    code: 'failed_precondition',
    reason: 'driver.not_installed',
    message: expect.stringContaining('apt-get install qemu-system-x86 qemu-utils'),
  });
  await bare[Symbol.asyncDispose]();
});

test('a disk that is smaller than the image is refused with the figure', async () => {
  const machine = qemu.host.makeMachine();
  const image = { ...qemu.host.image, rootBytes: 3 * 1024 ** 3 };

  await expect(qemu.driver.createDisk({ ...machine, image }, options)).rejects.toMatchObject({
    code: 'invalid_argument',
    reason: 'driver.disk_too_small',
    details: { field: 'disk_gib', minimum: 3 },
  });
  expect(existsSync(vmDirectory(qemu.host.dataDir, machine.vmId).path)).toBe(false);
});

test('what a killed server has left half written of a record is gone once the next one has looked, and the machine is adopted', async () => {
  const { machine, directory } = await started();
  const pid = await pidOf(machine.vmId);
  writeFileSync(`${directory.recordPath}.new`, '{"version": 1, "vmId"');
  await using next = qemu.host.makeDriver();

  const found = await next.findAll(options);

  expect(existsSync(`${directory.recordPath}.new`)).toBe(false);
  expect(found.map(({ observation }) => observation.machine)).toMatchObject([{ kind: 'running', pid }]);
});

test('a suspended machine whose facts cannot be read stays, says what is wrong, and goes on when they can', async () => {
  const machine = qemu.newMachine();
  const { vmId, incarnation } = machine;
  await qemu.start(machine);
  await qemu.driver.suspendMachine(vmId, options);
  const path = factsPath(suspendedPath(qemu.host.dataDir, vmId));
  const content = readFileSync(path);

  rmSync(path);
  mkdirSync(path);
  expect((await qemu.driver.inspect(vmId, options)).machine.kind).toBe('unreadable');
  await expect(qemu.driver.wakeMachine(machine, options)).rejects.toMatchObject({ reason: 'host.file_unreadable' });
  rmdirSync(path);
  writeFileSync(path, content.subarray(0, 100));
  expect((await qemu.driver.inspect(vmId, options)).machine.kind).toBe('unreadable');
  await expect(qemu.driver.wakeMachine(machine, options)).rejects.toMatchObject({ reason: 'driver.suspended_damaged' });
  writeFileSync(path, content);

  expect((await qemu.driver.inspect(vmId, options)).machine).toEqual({ kind: 'suspended', incarnation });
  await qemu.driver.wakeMachine(machine, options);
  expect((await qemu.driver.inspect(vmId, options)).machine.kind).toBe('running');
});

test('what a waking has left that was killed is seen, and cleared when the machine is to stay suspended', async () => {
  const { machine, directory } = await started();
  const { vmId, incarnation } = machine;
  const stored = await readRecord(directory.recordPath);
  if (stored.kind !== 'valid') throw new Error('there is no record');
  await qemu.driver.suspendMachine(vmId, options);
  // By now its process is none that lives.
  await writeRecord(directory.recordPath, stored.record);
  writeFileSync(directory.stderrPath, '');

  const { machine: left } = await qemu.driver.inspect(vmId, options);
  await qemu.driver.suspendMachine(vmId, options);

  expect(left).toEqual({ kind: 'suspended', incarnation, hasRemains: true });
  expect((await qemu.driver.inspect(vmId, options)).machine).toEqual({ kind: 'suspended', incarnation });
  expect([directory.recordPath, directory.stderrPath].filter((path) => existsSync(path))).toEqual([]);
});
