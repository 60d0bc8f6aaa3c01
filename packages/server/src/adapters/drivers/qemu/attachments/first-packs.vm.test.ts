import { randomUUIDv7 } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { idFromUuid } from '../../../../domain/ids.ts';
import type { DiskSpec, Driver } from '../../../../ports/driver.ts';
import type { Pack } from '../../../../ports/machine-packs.ts';
import { makeQemuHost, type QemuHost, removeVm } from '../qemu-host.fixture.ts';
import { runInGuest } from '../run-in-guest.fixture.ts';
import { makeToolPack } from './tool-pack.fixture.ts';

/* Machines that have not to boot, and have their tools from the start. */

const options = { signal: new AbortController().signal };
let host: QemuHost;
let driver: Driver;
let key: string;
let one: Pack;
let two: Pack;
let machines: DiskSpec[] = [];

beforeAll(async () => {
  host = await makeQemuHost();
  driver = host.makeDriver();
  key = (await warm().build(host.makeMachine(), options)).key;
  [one, two] = [makeToolPack(host.cacheDir, 'one', '1'), makeToolPack(host.cacheDir, 'two', '2')];
}, 240_000);

afterEach(async () => {
  for (const { vmId } of machines) await removeVm(driver, vmId);
  machines = [];
});

afterAll(async () => {
  await driver[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

function warm() {
  if (driver.warm === null) throw new Error('QEMU has warm templates');
  return driver.warm;
}

function newMachine(changes: Partial<DiskSpec> = {}): DiskSpec {
  const machine = host.makeMachine({ ...changes, vmId: idFromUuid('vm', randomUUIDv7()) });
  machines.push(machine);
  return machine;
}

async function makeSpare(machine: DiskSpec): Promise<void> {
  const { vmId, incarnation, spec, image } = machine;
  await warm().startSpare({ vmId, incarnation, spec, image }, { ...options, key });
}

async function say(machine: DiskSpec, script: string): Promise<string> {
  return await runInGuest(await driver.openLink(machine.vmId, options), script);
}

test('the first command of one that was made ahead finds them, and can be given more', {
  timeout: 120_000,
}, async () => {
  const machine = newMachine({ name: 'given' });
  await makeSpare(machine);

  await driver.startMachine({ ...machine, packs: [one] }, options);
  const first = await say(machine, 'hostname; one');

  expect(first).toBe('given\none 1');
  const link = await driver.openLink(machine.vmId, options);
  await driver.packs?.attach(machine.vmId, [one, two], {
    ...options,
    tell: (all) => link.setTools(`${driver.packs?.diskSerial}`, all, options),
  });
  expect(await runInGuest(link, 'one; two')).toBe('one 1\ntwo 2');
});

test('so does that of one that begins from a template, and what is made of it before anybody has spoken to it', {
  timeout: 120_000,
}, async () => {
  const machine = newMachine({ name: 'begun', from: { kind: 'warm', key } });
  await driver.createDisk(machine, options);
  await driver.startMachine({ ...machine, packs: [one, two] }, options);

  await driver.suspendMachine(machine.vmId, options);
  await driver.wakeMachine(machine, options);

  expect(await say(machine, 'one; two')).toBe('one 1\ntwo 2');
});

test('a server that dies over giving one away leaves it to the next, with its tools', {
  timeout: 120_000,
}, async () => {
  const machine = newMachine({ name: 'given' });
  await makeSpare(machine);
  await driver[Symbol.asyncDispose]();
  const dying = host.makeDriver({
    faultPoint: (name) => {
      if (name === 'qemu.packs-attached') throw new Error('killed');
    },
  });
  await expect(dying.startMachine({ ...machine, packs: [one] }, options)).rejects.toThrow('killed');
  await dying[Symbol.asyncDispose]();
  driver = host.makeDriver();

  await driver.startMachine({ ...machine, packs: [one] }, options);
  await driver[Symbol.asyncDispose]();
  // Nobody has told its guest yet.
  driver = host.makeDriver();

  expect(await say(machine, 'one')).toBe('one 1');
  expect((await driver.inspect(machine.vmId, options)).machine).toMatchObject({ packs: [one.digest] });
});
