import { beforeAll, expect, test } from 'vitest';
import type { DiskSpec } from '../../../../ports/driver.ts';
import type { Pack } from '../../../../ports/machine-packs.ts';
import { runInGuest } from '../run-in-guest.fixture.ts';
import { useQemu } from '../use-qemu.fixture.ts';
import { makeToolPack } from './tool-pack.fixture.ts';

/* Machines that have not to boot, and have their tools from the start. */

const options = { signal: new AbortController().signal };
const qemu = useQemu();
let key: string;
let one: Pack;
let two: Pack;

beforeAll(async () => {
  key = (await warm().build(qemu.host.makeMachine(), options)).key;
  [one, two] = [makeToolPack(qemu.host.cacheDir, 'one', '1'), makeToolPack(qemu.host.cacheDir, 'two', '2')];
}, 240_000);

function warm() {
  if (qemu.driver.warm === null) throw new Error('QEMU has warm templates');
  return qemu.driver.warm;
}

async function makeSpare(machine: DiskSpec): Promise<void> {
  const { vmId, incarnation, spec, image } = machine;
  await warm().startSpare({ vmId, incarnation, spec, image }, { ...options, key });
}

async function say(machine: DiskSpec, script: string): Promise<string> {
  return await runInGuest(await qemu.driver.openLink(machine.vmId, options), script);
}

test('the first command of one that was made ahead finds them, and can be given more', {
  timeout: 120_000,
}, async () => {
  const machine = qemu.newMachine({ name: 'given' });
  await makeSpare(machine);

  await qemu.driver.startMachine({ ...machine, packs: [one] }, options);
  const first = await say(machine, 'hostname; one');

  expect(first).toBe('given\none 1');
  const link = await qemu.driver.openLink(machine.vmId, options);
  await qemu.driver.packs?.attach(machine.vmId, [one, two], {
    ...options,
    tell: (all) => link.setTools(`${qemu.driver.packs?.diskSerial}`, all, options),
  });
  expect(await runInGuest(link, 'one; two')).toBe('one 1\ntwo 2');
});

test('so does that of one that begins from a template, and what is made of it before anybody has spoken to it', {
  timeout: 120_000,
}, async () => {
  const machine = qemu.newMachine({ name: 'begun', from: { kind: 'warm', key } });
  await qemu.driver.createDisk(machine, options);
  await qemu.driver.startMachine({ ...machine, packs: [one, two] }, options);

  await qemu.driver.suspendMachine(machine.vmId, options);
  await qemu.driver.wakeMachine(machine, options);

  expect(await say(machine, 'one; two')).toBe('one 1\ntwo 2');
});

test('a server that dies over giving one away leaves it to the next, with its tools', {
  timeout: 120_000,
}, async () => {
  const machine = qemu.newMachine({ name: 'given' });
  await makeSpare(machine);
  await qemu.driver[Symbol.asyncDispose]();
  const dying = qemu.host.makeDriver({
    faultPoint: (name) => {
      if (name === 'qemu.packs-attached') throw new Error('killed');
    },
  });
  await expect(dying.startMachine({ ...machine, packs: [one] }, options)).rejects.toThrow('killed');
  await dying[Symbol.asyncDispose]();
  qemu.driver = qemu.host.makeDriver();

  await qemu.driver.startMachine({ ...machine, packs: [one] }, options);
  await qemu.driver[Symbol.asyncDispose]();
  // Nobody has told its guest yet.
  qemu.driver = qemu.host.makeDriver();

  expect(await say(machine, 'one')).toBe('one 1');
  expect((await qemu.driver.inspect(machine.vmId, options)).machine).toMatchObject({ packs: [one.digest] });
});
