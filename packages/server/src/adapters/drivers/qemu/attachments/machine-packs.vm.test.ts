import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import type { DiskSpec, SavedRef } from '../../../../ports/driver.ts';
import type { GuestLink } from '../../../../ports/guest-link.ts';
import type { AttachedPack, MachinePacks, Pack } from '../../../../ports/machine-packs.ts';
import { removeVm } from '../qemu-host.fixture.ts';
import { tryInGuest } from '../run-in-guest.fixture.ts';
import { useQemu } from '../use-qemu.fixture.ts';

/* What guests read of the packs that their machines were given. */

const PACK_BYTES = 1024 ** 2;
const options = { signal: new AbortController().signal };
const untold = async (): Promise<void> => undefined;
const qemu = useQemu();

function packs(): MachinePacks {
  if (qemu.driver.packs === null) throw new Error('QEMU has packs');
  return qemu.driver.packs;
}

/** As the cache has it: a file that everybody may read, and whose directory nobody but us may enter. */
function makePack(name: string): Pack {
  const directory = join(qemu.host.cacheDir, 'tools');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const content = randomBytes(PACK_BYTES);
  const digest = createHash('sha256').update(content).digest('hex');
  const path = join(directory, digest);
  writeFileSync(path, content);
  chmodSync(path, 0o444);
  return { name, version: '1', digest, path };
}

async function save(machine: DiskSpec): Promise<SavedRef> {
  const id = qemu.newSnapshot();
  await qemu.driver.saveMachine(machine.vmId, id, options);
  return { kind: 'snapshot', id };
}

/** What the script says, however it ends. */
async function run(link: GuestLink, script: string): Promise<string> {
  return (await tryInGuest(link, script)).text;
}

/** Digests of what the guest reads at the places of these packs. */
async function readAll(link: GuestLink, attached: readonly AttachedPack[]): Promise<readonly string[]> {
  const device = `/dev/$(basename "$(dirname "$(grep -l ${packs().diskSerial} /sys/block/*/serial)")")`;
  const lines = attached.map(
    ({ offsetBytes, sizeBytes }) =>
      `dd if=${device} bs=1M skip=${offsetBytes / 1024 ** 2} count=${sizeBytes / 1024 ** 2} 2>/dev/null | sha256sum`,
  );
  const said = await run(link, lines.join('\n'));
  return said.split('\n').map((line) => line.slice(0, 64));
}

function digestsOf(given: readonly Pack[]): readonly string[] {
  return given.map(({ digest }) => digest);
}

test('packs are where the guest was told that they will be, one after the other, and can only be read', {
  timeout: 120_000,
}, async () => {
  const machine = qemu.newMachine();
  const link = await qemu.start(machine);
  const given = [makePack('one'), makePack('two'), makePack('three')];
  const told: string[] = [];

  await packs().attach(machine.vmId, given.slice(0, 2), {
    ...options,
    tell: async (all) => void told.push(all.map(({ name }) => name).join(' ')),
  });
  const first = await packs().attached(machine.vmId);
  expect(await readAll(link, first)).toEqual(digestsOf(given.slice(0, 2)));
  await packs().attach(machine.vmId, given, {
    ...options,
    tell: async (all) => void told.push(all.map(({ name }) => name).join(' ')),
  });

  const all = await packs().attached(machine.vmId);
  expect(all.slice(0, 2)).toEqual(first);
  expect(await readAll(link, all)).toEqual(digestsOf(given));
  expect(told).toEqual(['one two', 'one two three']);
  expect(await run(link, 'echo x > /dev/vdb; cat /sys/block/vdb/ro')).toMatch(/Operation not permitted|^1$/m);
});

test('they are in forks, in forks of these, and in a machine that sleeps, also when the cache has been emptied', {
  timeout: 180_000,
}, async () => {
  const source = qemu.newMachine({ name: 'source' });
  await qemu.start(source);
  const given = [makePack('one'), makePack('two')];
  await packs().attach(source.vmId, given, { ...options, tell: untold });
  const attached = await packs().attached(source.vmId);
  rmSync(join(qemu.host.cacheDir, 'tools'), { recursive: true });

  const fork = qemu.newMachine({ name: 'fork', from: await save(source) });
  expect(await readAll(await qemu.start(fork), attached)).toEqual(digestsOf(given));
  const third = makePack('three');
  await packs().attach(fork.vmId, [...given, third], { ...options, tell: untold });
  const second = qemu.newMachine({ name: 'second', from: await save(fork) });
  const link = await qemu.start(second);
  expect(await readAll(link, await packs().attached(second.vmId))).toEqual(digestsOf([...given, third]));

  await qemu.driver.suspendMachine(second.vmId, options);
  await removeVm(qemu.driver, source.vmId);
  await qemu.driver.wakeMachine(second, options);
  const awake = await qemu.driver.openLink(second.vmId, options);
  expect(await run(awake, 'echo 3 > /proc/sys/vm/drop_caches')).toBe('');
  expect(await readAll(awake, await packs().attached(second.vmId))).toEqual(digestsOf([...given, third]));
});

test('the next boot begins without, and is given what the VM has kept', { timeout: 120_000 }, async () => {
  const machine = qemu.newMachine();
  await qemu.start(machine);
  const pack = makePack('one');
  await packs().attach(machine.vmId, [pack], { ...options, tell: untold });
  rmSync(join(qemu.host.cacheDir, 'tools'), { recursive: true });
  await qemu.driver.endMachine(machine.vmId, options);
  await qemu.driver.startMachine({ ...machine, incarnation: 2 }, options);

  expect(await packs().attached(machine.vmId)).toEqual([]);
  expect(await packs().kept(machine.vmId)).toEqual([pack.digest]);
  const link = await qemu.driver.openLink(machine.vmId, options);
  await packs().attach(machine.vmId, [{ ...pack, path: null }], { ...options, tell: untold });
  expect(await readAll(link, await packs().attached(machine.vmId))).toEqual([pack.digest]);
});

test('a server that dies before it has written a pack down leaves one that the next server attaches', {
  timeout: 120_000,
}, async () => {
  const machine = qemu.newMachine();
  await qemu.start(machine);
  const pack = makePack('one');
  await qemu.driver[Symbol.asyncDispose]();
  const dying = qemu.host.makeDriver({
    faultPoint: (name) => {
      if (name === 'qemu.packs-attached') throw new Error('killed');
    },
  });
  await expect(dying.packs?.attach(machine.vmId, [pack], { ...options, tell: untold })).rejects.toThrow('killed');
  await dying[Symbol.asyncDispose]();
  qemu.driver = qemu.host.makeDriver();
  expect(await packs().attached(machine.vmId)).toEqual([]);

  await packs().attach(machine.vmId, [pack], { ...options, tell: untold });

  const link = await qemu.driver.openLink(machine.vmId, options);
  expect(await readAll(link, await packs().attached(machine.vmId))).toEqual([pack.digest]);
  // What the VMM reads, and nothing of the content before.
  const files = readdirSync(join(qemu.host.dataDir, 'vms', machine.vmId, 'run')).filter((name) =>
    name.startsWith('pack-'),
  );
  expect(files).toEqual([`pack-${pack.digest}`]);
});
