import { randomUUIDv7 } from 'node:crypto';
import { existsSync, linkSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { idFromUuid, type VolumeId } from '../../../../domain/ids.ts';
import { type ExtraDisk, emptyDisk, withoutVolumes } from '../../../../domain/vm/extra-disk.ts';
import type { DiskSpec } from '../../../../ports/driver.ts';
import type { DriverVolumes, VolumeContent } from '../../../../ports/driver-volumes.ts';
import { createPinoLog } from '../../../system/pino-log.ts';
import { adoptImages } from '../adopt-images.ts';
import { removeVm } from '../qemu-host.fixture.ts';
import { runInGuest, tryInGuest } from '../run-in-guest.fixture.ts';
import { useQemu } from '../use-qemu.fixture.ts';
import { vmDirectory } from '../vm-directory.ts';

/* Disks that VMs come to and leave, in real guests. */

const options = { signal: new AbortController().signal };
const silent = createPinoLog({ level: 'error', stream: { write: () => undefined } });
const GIB = 1024 ** 3;
const DATA = '/dev/disk/by-id/virtio-data';
const qemu = useQemu();
let volumes: DriverVolumes;

beforeAll(async () => {
  if (qemu.driver.volumes === null) throw new Error('no volumes');
  volumes = qemu.driver.volumes;
});

const make = async (content: VolumeContent, sizeGib = 1): Promise<VolumeId> => {
  const id = idFromUuid('vol', randomUUIDv7());
  await volumes.create({ id, sizeGib, content }, options);
  return id;
};
const having = (disks: readonly ExtraDisk[]): DiskSpec => {
  const machine = qemu.host.makeMachine();
  return { ...machine, spec: { ...machine.spec, disks } };
};
const disk = (volume: VolumeId, isReadonly = false): ExtraDisk => ({ ...emptyDisk('data', 1), volume, isReadonly });

test('what one VM writes is there for the next, through a suspension and a fork, and two read it side by side', async () => {
  const id = await make({ kind: 'empty' });
  const first = having([disk(id)]);
  const link = await qemu.start(first);
  await runInGuest(link, `mkfs.ext4 -q ${DATA} && mount ${DATA} /mnt && echo written > /mnt/file && sync`);
  await qemu.driver.suspendMachine(first.vmId, options);
  await qemu.driver.wakeMachine(first, options);
  const woken = await qemu.driver.openLink(first.vmId, options);
  expect(await runInGuest(woken, 'echo 3 > /proc/sys/vm/drop_caches; cat /mnt/file')).toBe('written');

  // A fork has a copy, which is its own.
  const snapshot = idFromUuid('snap', randomUUIDv7());
  await qemu.driver.saveMachine(first.vmId, snapshot, options);
  const from = { kind: 'snapshot', id: snapshot } as const;
  const spec = { ...first.spec, disks: withoutVolumes(first.spec.disks) };
  const fork = { ...qemu.host.makeMachine(), spec, image: undefined, from };
  await qemu.driver.createDisk(fork, options);
  await qemu.driver.startMachine(fork, options);
  const forked = await qemu.driver.openLink(fork.vmId, options);
  await runInGuest(forked, 'echo forked > /mnt/file && sync && umount /mnt');
  await removeVm(qemu.driver, fork.vmId);
  await qemu.driver.deleteSaved(snapshot, options);
  await runInGuest(woken, 'sync && umount /mnt');
  await removeVm(qemu.driver, first.vmId);
  expect(existsSync(vmDirectory(qemu.host.dataDir, first.vmId).path)).toBe(false);

  const readers = [having([disk(id, true)]), having([disk(id, true)])];
  for (const reader of readers) {
    const each = await qemu.start(reader);
    expect(await runInGuest(each, `mount -o ro,noload ${DATA} /mnt && cat /mnt/file`)).toBe('written');
    expect((await tryInGuest(each, `dd if=/dev/zero of=${DATA} bs=512 count=1 oflag=direct`)).exitCode).not.toBe(0);
  }
  for (const { vmId } of readers) await removeVm(qemu.driver, vmId);

  const last = having([disk(id)]);
  const again = await qemu.start(last);
  expect(await runInGuest(again, `mount ${DATA} /mnt && echo more >> /mnt/file && sync && cat /mnt/file`)).toBe(
    'written\nmore',
  );
  await removeVm(qemu.driver, last.vmId);
  await volumes.remove(id, options);
  expect(readdirSync(join(qemu.host.dataDir, 'volumes'))).toEqual([]);
});

test('the disks of a deleted VM are kept, with what they stand on, and go with the last that needs it', async () => {
  const machine = having([emptyDisk('data', 1)]);
  const link = await qemu.start(machine);
  // Killed while it grows, it could be mounted by those alone who have its journal replayed first.
  await runInGuest(link, 'until [ "$(df -BG --output=size / | tail -n 1 | tr -d " ")" = 2G ]; do sleep 0.1; done');
  await runInGuest(link, `echo of-root > /root/told; echo of-data | dd of=${DATA} bs=512 conv=sync,fsync; sync`);
  await qemu.driver.endMachine(machine.vmId, options);
  const root = await make({ kind: 'vm', vmId: machine.vmId, disk: null }, 2);
  const data = await make({ kind: 'vm', vmId: machine.vmId, disk: 'data' });
  await qemu.driver.deleteDisk(machine.vmId, options);
  // A server that starts clears what nobody needs; a killed one has left something half-made.
  await adoptImages({ dataDir: qemu.host.dataDir, cacheDir: qemu.host.cacheDir, log: silent });
  const copy = await make({ kind: 'volume', id: root }, 2);
  await volumes.remove(root, options);

  const next = having([
    { ...disk(copy), name: 'root', sizeGib: 2 },
    { ...disk(data), name: 'data' },
  ]);
  const there = await qemu.start(next);
  expect(
    await runInGuest(there, `mount /dev/disk/by-id/virtio-root /mnt && cat /mnt/root/told; head -c 7 ${DATA}`),
  ).toBe('of-root\nof-data');
  await removeVm(qemu.driver, next.vmId);
  await volumes.remove(data, options);
  expect(readdirSync(join(qemu.host.dataDir, 'images'))).toEqual([qemu.host.image.digest]);
  await volumes.remove(copy, options);
  expect(readdirSync(join(qemu.host.dataDir, 'images'))).toEqual([]);
});

test('one that begins with the root of an image is the image, writable, and its own', async () => {
  const id = await make({ kind: 'image', image: qemu.host.image }, 2);
  const machine = having([{ ...disk(id), sizeGib: 2 }]);
  const link = await qemu.start(machine);

  expect(await runInGuest(link, `mount ${DATA} /mnt && test -x /mnt/bin/sh && echo whole`)).toBe('whole');

  await removeVm(qemu.driver, machine.vmId);
  await volumes.remove(id, options);
});

test('comes to a VM between two lives and leaves it, with what it stands on; nothing of it is left there', async () => {
  const id = await make({ kind: 'image', image: qemu.host.image }, 2);
  const machine = having([]);
  await qemu.start(machine);
  await qemu.driver.endMachine(machine.vmId, options);
  const disks = [{ ...disk(id), sizeGib: 2 }];
  const given = { ...machine, incarnation: 2, spec: { ...machine.spec, disks } };
  const file = join(vmDirectory(qemu.host.dataDir, machine.vmId).runPath, 'disk-data.qcow2');

  await volumes.place(machine.vmId, disks, options);
  expect(existsSync(file)).toBe(true);
  await qemu.driver.startMachine(given, options);
  const link = await qemu.driver.openLink(machine.vmId, options);
  expect(await runInGuest(link, `mount ${DATA} /mnt && test -x /mnt/bin/sh && echo whole; umount /mnt`)).toBe('whole');
  // While it runs nothing is taken from it.
  await volumes.place(machine.vmId, [], options);
  expect(existsSync(file)).toBe(true);

  await qemu.driver.endMachine(machine.vmId, options);
  await volumes.place(machine.vmId, [], options);
  expect(existsSync(file)).toBe(false);
  await qemu.driver.startMachine({ ...machine, incarnation: 3 }, options);
  const without = await qemu.driver.openLink(machine.vmId, options);
  expect((await tryInGuest(without, `test -e ${DATA}`)).exitCode).not.toBe(0);
  await removeVm(qemu.driver, machine.vmId);
  await volumes.remove(id, options);
  expect(readdirSync(join(qemu.host.dataDir, 'images'))).toEqual([]);
});

test('leaves nothing with a VM from which it was taken, also where somebody was interrupted over that', async () => {
  const id = await make({ kind: 'empty' });
  const machine = { ...having([]), spec: { ...having([]).spec, disks: [emptyDisk('own', 1)] } };
  await qemu.driver.createDisk(machine, options);
  const { runPath } = vmDirectory(qemu.host.dataDir, machine.vmId);
  const [file, own] = ['disk-data.qcow2', 'disk-own.qcow2'].map((name) => join(runPath, name));
  // As it is when what the VM has is written down, and no name has gone yet.
  linkSync(join(qemu.host.dataDir, 'volumes', id, 'disk.qcow2'), file ?? '');

  await volumes.place(machine.vmId, machine.spec.disks, options);

  expect([file, own].map((path) => existsSync(path ?? ''))).toEqual([false, true]);
  await qemu.driver.deleteDisk(machine.vmId, options);
  await volumes.remove(id, options);
});

test('is made larger under a guest that uses it, and without one, with what is in it', async () => {
  const id = await make({ kind: 'empty' });
  const machine = having([disk(id)]);
  const link = await qemu.start(machine);
  await runInGuest(link, `mkfs.ext4 -q ${DATA} && mount ${DATA} /mnt && echo written > /mnt/file && sync`);
  const sizeOf = `blockdev --getsize64 ${DATA}`;

  await volumes.grow({ id, sizeGib: 2, writer: { vmId: machine.vmId, disk: 'data' } }, options);
  await runInGuest(link, `until [ "$(${sizeOf})" = ${2 * GIB} ]; do sleep 0.05; done; resize2fs ${DATA} 2>&1; sync`);
  expect(await runInGuest(link, 'df -BM --output=size /mnt | tail -n 1 | tr -d " "')).toMatch(/^19\d\dM$/);
  await removeVm(qemu.driver, machine.vmId);

  await volumes.grow({ id, sizeGib: 3, writer: null }, options);
  const next = having([{ ...disk(id), sizeGib: 4 }]);
  const again = await qemu.start(next);
  // What a server that was killed did not get to do, the next start has done.
  expect(await runInGuest(again, `${sizeOf}; mount ${DATA} /mnt && cat /mnt/file`)).toBe(`${4 * GIB}\nwritten`);
  await removeVm(qemu.driver, next.vmId);
  await volumes.remove(id, options);
});

test('is made larger only if it is what it was: none that names another file for what is in it', async () => {
  const id = await make({ kind: 'empty' });
  const path = join(qemu.host.dataDir, 'volumes', id, 'disk.qcow2');
  const file = await open(path, 'r+');
  await file.write(Uint8Array.of(4), 0, 1, 79);
  await file.close();

  await expect(volumes.grow({ id, sizeGib: 2, writer: null }, options)).rejects.toMatchObject({ code: 'data_loss' });

  await volumes.remove(id, options);
});
