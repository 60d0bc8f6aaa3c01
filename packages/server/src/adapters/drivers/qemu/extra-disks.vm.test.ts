import { execFileSync } from 'node:child_process';
import { createHash, randomUUIDv7 } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import type { ContentImage } from '../../../domain/image/image.ts';
import { emptyDisk } from '../../../domain/vm/extra-disk.ts';
import type { DiskSpec } from '../../../ports/driver.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { readToEnd, shell } from '../../../ports/guest-link-contract/subject.contract.ts';
import { removeVm } from './qemu-host.fixture.ts';
import { runInGuest, tryInGuest } from './run-in-guest.fixture.ts';
import { digestSparse } from './saved/memory/copy-memory.ts';
import { useQemu } from './use-qemu.fixture.ts';
import { vmDirectory } from './vm-directory.ts';

/* Disks besides the root. */

const PATHS = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
const options = { signal: new AbortController().signal };
const qemu = useQemu();

async function ask(link: GuestLink, script: string): Promise<string> {
  const process = await link.exec(idFromUuid('exec', randomUUIDv7()), shell(script), options);
  return (await readToEnd(process)).stdout.trim();
}

/** A file system with one file, as what disks begin with. */
function makeContent(text: string): ContentImage {
  const name = `content-${text}`;
  const [folder, rootPath] = [join(qemu.host.cacheDir, name), join(qemu.host.cacheDir, `${name}.raw`)];
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'file'), `${text}\n`);
  execFileSync('mkfs.ext4', ['-q', '-d', folder, rootPath, '64M'], { env: PATHS, stdio: 'pipe' });
  const digest = createHash('sha256').update(text).digest('hex');
  return { name, digest, boot: 'none', rootPath, rootBytes: 64 * 1024 ** 2, sizeBytes: 0, builtAt: 0 };
}

const DATA = '/dev/disk/by-id/virtio-data';

test('are found by their names, keep what is written to them through a restart and a suspension, and go with their VM', async () => {
  const small = qemu.host.makeMachine();
  const disks = [emptyDisk('logs', 1), emptyDisk('data', 3)];
  const machine: DiskSpec = { ...small, spec: { ...small.spec, disks } };
  const { vmId } = machine;
  await qemu.driver.createDisk(machine, options);
  await qemu.driver.startMachine(machine, options);
  const first = await qemu.driver.openLink(vmId, options);

  expect(await ask(first, `blockdev --getsize64 ${DATA}`)).toBe(String(3 * 1024 ** 3));
  expect(await ask(first, 'findmnt -n -o SOURCE /; ls /dev/disk/by-id')).toContain('virtio-logs');
  await ask(first, `echo kept | dd of=${DATA} bs=512 conv=sync,fsync`);
  await qemu.driver.suspendMachine(vmId, options);
  await qemu.driver.wakeMachine(machine, options);
  const woken = await qemu.driver.openLink(vmId, options);
  expect(await ask(woken, `head -c 4 ${DATA}`)).toBe('kept');

  await qemu.driver.endMachine(vmId, options);
  await qemu.driver.startMachine({ ...machine, incarnation: 2 }, options);
  const second = await qemu.driver.openLink(vmId, options);
  expect(await ask(second, `head -c 4 ${DATA}`)).toBe('kept');

  await removeVm(qemu.driver, vmId);
  expect(existsSync(vmDirectory(qemu.host.dataDir, vmId).path)).toBe(false);
});

test('are saved with their machine: a fork has its own copies, and a restore takes back what was written since', async () => {
  const small = qemu.host.makeMachine();
  const machine: DiskSpec = { ...small, spec: { ...small.spec, disks: [emptyDisk('data', 1)] } };
  const write = (text: string) => `mount ${DATA} /mnt && echo ${text} > /mnt/file && sync`;
  await qemu.driver.createDisk(machine, options);
  await qemu.driver.startMachine(machine, options);
  const link = await qemu.driver.openLink(machine.vmId, options);
  await runInGuest(link, `mkfs.ext4 -q ${DATA} && ${write('saved')}`);
  const id = idFromUuid('snap', randomUUIDv7());
  await qemu.driver.saveMachine(machine.vmId, id, options);
  await runInGuest(link, 'echo later > /mnt/file && sync');
  const from = { kind: 'snapshot', id } as const;
  const fork = { ...machine, image: undefined, vmId: idFromUuid('vm', randomUUIDv7()), name: 'fork', from };

  await qemu.driver.createDisk(fork, options);
  await qemu.driver.startMachine(fork, options);
  const forked = await qemu.driver.openLink(fork.vmId, options);
  expect(await runInGuest(forked, 'cat /mnt/file')).toBe('saved');
  await runInGuest(forked, 'echo forked > /mnt/file && sync');
  expect(await runInGuest(link, 'echo 3 > /proc/sys/vm/drop_caches; cat /mnt/file')).toBe('later');
  await removeVm(qemu.driver, fork.vmId);

  await qemu.driver.endMachine(machine.vmId, options);
  await qemu.driver.startMachine({ ...machine, incarnation: 2, from }, options);
  const restored = await qemu.driver.openLink(machine.vmId, options);
  expect(
    await runInGuest(restored, 'cat /mnt/file; umount /mnt; e2fsck -fn /dev/vdb >/dev/null 2>&1 && echo whole'),
  ).toBe('saved\nwhole');

  await removeVm(qemu.driver, machine.vmId);
  await qemu.driver.deleteSaved(id, options);
});

test('begin with what they are to: one that is only read is shared, the others have overlays, and so have forks', async () => {
  const small = qemu.host.makeMachine();
  const of = { source: { location: '/d', sha256: '0'.repeat(64) }, format: 'raw', isLocalAllowed: true } as const;
  const disks = [
    { ...emptyDisk('data', 2), content: of },
    { ...emptyDisk('ref', 1), target: 'books', sizeGib: null, content: of, isReadonly: true },
  ];
  const contents = new Map([
    ['data', makeContent('begun')],
    ['ref', makeContent('book')],
  ]);
  const machine: DiskSpec = { ...small, spec: { ...small.spec, disks }, contents };
  const before = [...contents.values()].map(({ rootPath }) => digestSparse(rootPath));
  await qemu.driver.createDisk(machine, options);
  // Whoever clears the cache takes nothing from a disk.
  for (const { rootPath } of contents.values()) renameSync(rootPath, `${rootPath}.gone`);
  await qemu.driver.startMachine(machine, options);
  const link = await qemu.driver.openLink(machine.vmId, options);

  await runInGuest(link, `mkdir /a /b && mount ${DATA} /a && mount -o ro /dev/disk/by-id/virtio-books /b`);
  expect(await runInGuest(link, `cat /a/file /b/file; blockdev --getsize64 ${DATA}; cat /sys/block/vdc/ro`)).toBe(
    `begun\nbook\n${2 * 1024 ** 3}\n1`,
  );
  expect((await tryInGuest(link, 'dd if=/dev/zero of=/dev/vdc bs=512 count=1 oflag=direct')).exitCode).not.toBe(0);
  await runInGuest(link, 'echo written > /a/file && sync');
  expect(readdirSync(vmDirectory(qemu.host.dataDir, machine.vmId).runPath)).not.toContain('disk-ref.qcow2');

  const id = idFromUuid('snap', randomUUIDv7());
  await qemu.driver.saveMachine(machine.vmId, id, options);
  await removeVm(qemu.driver, machine.vmId);
  const from = { kind: 'snapshot', id } as const;
  const fork = { ...small, spec: machine.spec, image: undefined, vmId: idFromUuid('vm', randomUUIDv7()), from };
  await qemu.driver.createDisk(fork, options);
  await qemu.driver.startMachine(fork, options);
  const forked = await qemu.driver.openLink(fork.vmId, options);
  expect(await runInGuest(forked, 'echo 3 > /proc/sys/vm/drop_caches; cat /a/file /b/file')).toBe('written\nbook');

  await qemu.driver.suspendMachine(fork.vmId, options);
  await qemu.driver.wakeMachine(fork, options);
  const woken = await qemu.driver.openLink(fork.vmId, options);
  expect(await runInGuest(woken, 'echo 3 > /proc/sys/vm/drop_caches; cat /a/file /b/file')).toBe('written\nbook');
  await qemu.driver.endMachine(fork.vmId, options);
  await qemu.driver.startMachine({ ...small, vmId: fork.vmId, spec: machine.spec, incarnation: 2 }, options);
  const booted = await qemu.driver.openLink(fork.vmId, options);
  expect(await runInGuest(booted, `mount ${DATA} /a && cat /a/file`)).toBe('written');

  expect([...contents.values()].map(({ rootPath }) => digestSparse(`${rootPath}.gone`))).toEqual(before);
  await removeVm(qemu.driver, fork.vmId);
  await qemu.driver.deleteSaved(id, options);
  expect(readdirSync(join(qemu.host.dataDir, 'images'))).toEqual([]);
});

test('that what they begin with does not fit into are refused, and nothing is left', async () => {
  const small = qemu.host.makeMachine();
  const content = { ...makeContent('large'), rootBytes: 2 * 1024 ** 3 };
  truncateSync(content.rootPath, content.rootBytes);
  const of = { source: { location: '/d', sha256: '0'.repeat(64) }, format: 'raw', isLocalAllowed: true } as const;
  const disks = [{ ...emptyDisk('data', 1), content: of }];
  const machine = { ...small, spec: { ...small.spec, disks }, contents: new Map([['data', content]]) };

  await expect(qemu.driver.createDisk(machine, options)).rejects.toMatchObject({ reason: 'driver.disk_too_small' });
  await qemu.driver.deleteDisk(machine.vmId, options);
  expect(readdirSync(join(qemu.host.dataDir, 'images'))).toEqual([]);
});
