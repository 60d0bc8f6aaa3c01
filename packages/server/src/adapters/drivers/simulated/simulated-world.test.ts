import { randomUUIDv7 } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ExecRequest } from '../../../domain/execution/execution.ts';
import { type ExecutionId, idFromUuid, type VmId } from '../../../domain/ids.ts';
import type { Driver } from '../../../ports/driver.ts';
import { createManualClock, type ManualClock } from '../../shared/manual-clock.ts';
import { createVmKeeper } from './kept-vm.ts';
import { keepSavedVms } from './saved-vm.ts';
import { createSimulatedDriver } from './simulated-driver.ts';
import { makeMachine } from './simulated-machine.fixture.ts';
import { createSimulatedWorld } from './simulated-world.ts';

/* What a host of this driver keeps while there is no process that simulates it. Nothing here is told that the process ends: a kill does not tell. */

const options = { signal: new AbortController().signal };
let directory: string;
let clock: ManualClock;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'simulated-'));
  clock = createManualClock();
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The host as the next process finds it. */
function nextProcess(): Driver {
  const templates = keepSavedVms<string>(join(directory, 'warm'), { parse: (name) => name });
  return createSimulatedDriver({
    world: createSimulatedWorld({ clock, keeper: createVmKeeper(directory), templates }),
  });
}

async function started(driver: Driver, labels: Readonly<Record<string, string>> = {}): Promise<VmId> {
  const machine = makeMachine(labels);
  await driver.createDisk(machine, options);
  await driver.startMachine(machine, options);
  return machine.vmId;
}

/** There is no room for what is written of this VM next. */
function fill(vmId: VmId): void {
  symlinkSync('/dev/full', join(directory, `${vmId}.json.new`));
}

async function run(driver: Driver, vmId: VmId, id: ExecutionId, script: string): Promise<void> {
  const request: ExecRequest = {
    argv: ['sh', '-c', script],
    env: {},
    cwd: '',
    user: '',
    hasStdin: false,
    tty: null,
    timeoutMs: 0,
  };
  await using process = await (await driver.openLink(vmId, options)).exec(id, request, options);
  for await (const _ of process.output);
  await process.exit;
}

async function readText(driver: Driver, vmId: VmId, path: string): Promise<string> {
  const { content } = await (await driver.openLink(vmId, options)).readFile(path, options);
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function readConsole(driver: Driver, vmId: VmId): Promise<string> {
  let text = '';
  for await (const { bytes } of driver.readConsole(vmId, { ...options, offset: 0, follow: false }))
    text += Buffer.from(bytes).toString();
  return text;
}

test('machines run on with their disks, consoles and phases', async () => {
  const before = nextProcess();
  const [running, paused, ended] = [await started(before), await started(before), await started(before)];
  await run(before, running, idFromUuid('exec', randomUUIDv7()), 'echo one >> /root/log; echo hello > /dev/console');
  await before.pauseMachine(paused, options);
  await (await before.openLink(ended, options)).shutDown('power-off', { ...options, graceMs: 0 });

  const after = nextProcess();

  for (const vmId of [running, paused, ended])
    expect(await after.inspect(vmId, options)).toEqual(await before.inspect(vmId, options));
  expect(await readText(after, running, '/root/log')).toBe('one\n');
  expect(await readConsole(after, running)).toBe(await readConsole(before, running));
  expect((await after.inspect(ended, options)).machine).toMatchObject({ end: { cause: 'powered-off' } });
});

test('a command is forgotten with the process that ran it, and what it wrote is kept', async () => {
  const before = nextProcess();
  const vmId = await started(before);
  const id = idFromUuid('exec', randomUUIDv7());
  await run(before, vmId, id, 'echo once >> /root/log');

  const after = nextProcess();

  const attaching = (await after.openLink(vmId, options)).attach(
    id,
    { stdoutBytes: 0, stderrBytes: 0, isTty: false },
    options,
  );
  await expect(attaching).rejects.toMatchObject({ reason: 'execution.unknown_to_guest' });
  expect(await readText(after, vmId, '/root/log')).toBe('once\n');
});

test('a command that was begun is not begun again, whatever became of the process that ran it', async () => {
  const before = nextProcess();
  const vmId = await started(before);
  const id = idFromUuid('exec', randomUUIDv7());
  await run(before, vmId, id, 'echo once >> /root/log');

  const after = nextProcess();

  await expect(run(after, vmId, id, 'echo twice >> /root/log')).rejects.toMatchObject({
    reason: 'execution.already_ended',
  });
  expect(await readText(after, vmId, '/root/log')).toBe('once\n');
});

test('a command is begun on a host that is full, as in a guest that knows nothing of it', async () => {
  let isFull = false;
  const keeper = createVmKeeper(directory);
  const full = {
    ...keeper,
    write(...written: Parameters<typeof keeper.write>) {
      if (isFull) fill(written[0]);
      keeper.write(...written);
    },
  };
  const driver = createSimulatedDriver({ world: createSimulatedWorld({ clock, keeper: full }) });
  const vmId = await started(driver);
  await run(driver, vmId, idFromUuid('exec', randomUUIDv7()), 'true');

  isFull = true;
  await run(driver, vmId, idFromUuid('exec', randomUUIDv7()), 'echo begun >> /root/log');

  expect(await readText(driver, vmId, '/root/log')).toBe('begun\n');
});

test('what a full host cannot keep is refused with that reason, and kept by the next look when there is room', async () => {
  const driver = nextProcess();
  const vmId = await started(driver);

  fill(vmId);
  await expect(driver.pauseMachine(vmId, options)).rejects.toMatchObject({
    code: 'resource_exhausted',
    reason: 'driver.disk_full',
  });
  expect((await nextProcess().inspect(vmId, options)).machine.kind).toBe('running');

  await driver.inspect(vmId, options);
  expect((await nextProcess().inspect(vmId, options)).machine.kind).toBe('paused');
});

test('a machine comes to its end by itself on a host that is full', async () => {
  const driver = nextProcess();
  const vmId = await started(driver, { 'simulate.dies_after_ms': '1000' });

  fill(vmId);
  await clock.advance(1_000);

  expect((await driver.inspect(vmId, options)).machine.kind).toBe('ended');
});

test('what was to happen while there was no process has happened', async () => {
  const vmId = await started(nextProcess(), { 'simulate.ends': 'panicked', 'simulate.ends_after_ms': '5000' });
  const other = await started(nextProcess(), { 'simulate.ends': 'panicked', 'simulate.ends_after_ms': '9000' });

  await clock.advance(6_000);
  const after = nextProcess();
  await clock.advance(0);

  expect((await after.inspect(vmId, options)).machine).toMatchObject({ kind: 'ended', end: { cause: 'panicked' } });
  expect((await after.inspect(other, options)).machine.kind).toBe('running');
  await clock.advance(3_000);
  expect((await after.inspect(other, options)).machine.kind).toBe('ended');
});

test('templates and machines that wait for their VMs are kept', async () => {
  const before = nextProcess();
  const machine = makeMachine();
  const template = await before.warm?.build(machine, options);
  await before.warm?.startSpare(machine, { ...options, key: template?.key ?? '' });

  const after = nextProcess();

  expect(await after.warm?.list()).toEqual(await before.warm?.list());
  expect(await after.findAll(options)).toMatchObject([{ vmId: machine.vmId, isSpare: true }]);
  await after.startMachine({ ...machine, name: 'given' }, options);
  const next = nextProcess();
  expect(await next.findAll(options)).toMatchObject([{ vmId: machine.vmId, isSpare: false }]);
  expect(await readText(next, machine.vmId, '/etc/hostname')).toBe('given\n');
});

test('a failure that was counted is not counted anew', async () => {
  const machine = makeMachine({ 'simulate.start_error': 'unavailable:1' });
  const before = nextProcess();
  await before.createDisk(machine, options);
  await expect(before.startMachine(machine, options)).rejects.toMatchObject({ code: 'unavailable' });

  const after = nextProcess();

  await after.startMachine(machine, options);
  expect((await after.inspect(machine.vmId, options)).machine.kind).toBe('running');
});

test('nothing is left of a VM that was removed, nor of a file that was being written', async () => {
  const before = nextProcess();
  const vmId = await started(before);
  writeFileSync(join(directory, `${vmId}.json.new`), '{"half');
  await before.endMachine(vmId, options);
  await before.deleteDisk(vmId, options);

  const after = nextProcess();

  expect(await after.findAll(options)).toEqual([]);
  expect(readdirSync(directory)).toEqual(['warm']);
});

test('a damaged file is told, and nothing is begun over it', async () => {
  const vmId = await started(nextProcess());
  writeFileSync(join(directory, `${vmId}.json`), '{"version":1');

  expect(nextProcess).toThrow(expect.objectContaining({ code: 'data_loss', reason: 'driver.damaged_state' }));
});
