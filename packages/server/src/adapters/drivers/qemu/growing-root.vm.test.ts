import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runInGuest } from './run-in-guest.fixture.ts';
import { useQemu } from './use-qemu.fixture.ts';
import { vmDirectory } from './vm-directory.ts';

/* What a machine leaves that is killed while its root grows. */

const options = { signal: new AbortController().signal };
const qemu = useQemu();
const BLOCK = 4096;
const GIB = 1024 ** 3;

function run(program: string, ...args: readonly string[]): string {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  return execFileSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/**
 * Has the file system of 2 GiB as it is when its superblock has been written where it belongs, and the descriptors of its new groups are in the
 * journal alone. `groups`: that it had.
 */
function leaveDescriptorsInJournal(rawPath: string, groups: number): void {
  const descriptorSize = Number(/Group descriptor size: +(\d+)/.exec(run('dumpe2fs', '-h', rawPath))?.[1] ?? 32);
  const descriptors = Buffer.alloc(BLOCK);
  const file = openSync(rawPath, 'r+');
  readSync(file, descriptors, 0, BLOCK, BLOCK);
  const added = descriptors.subarray(groups * descriptorSize);
  expect(added.some((byte) => byte !== 0)).toBe(true);
  writeSync(file, Buffer.alloc(added.length), 0, added.length, BLOCK + groups * descriptorSize);
  closeSync(file);
  writeFileSync(`${rawPath}.block`, descriptors);
  writeFileSync(`${rawPath}.script`, `jo\njw -b 1 ${rawPath}.block\njc\n`);
  run('debugfs', '-w', '-f', `${rawPath}.script`, rawPath);
}

test('is replayed before it is judged: its next life has its root, as large as it was to be', async () => {
  const machine = qemu.newMachine();
  const link = await qemu.start(machine);
  await runInGuest(link, 'echo kept > /root/file; sync');
  await qemu.driver.endMachine(machine.vmId, options);
  const { diskPath } = vmDirectory(qemu.host.dataDir, machine.vmId);
  const rawPath = join(qemu.host.dataDir, 'root.raw');
  const { 'full-backing-filename': backing } = JSON.parse(run('qemu-img', 'info', '--output=json', diskPath));
  run('qemu-img', 'convert', '-O', 'raw', diskPath, rawPath);
  truncateSync(rawPath, 2 * GIB);
  // Ends with 1 when it has corrected something, which it has: it was mounted.
  run('sh', '-c', 'e2fsck -fp "$0" || [ $? = 1 ]', rawPath);
  run('resize2fs', rawPath, '2G');
  leaveDescriptorsInJournal(rawPath, 8);
  run('qemu-img', 'convert', '-O', 'qcow2', '-B', backing, '-F', 'raw', rawPath, diskPath);

  await qemu.driver.startMachine({ ...machine, incarnation: 2 }, options);

  const again = await qemu.driver.openLink(machine.vmId, options);
  expect(await runInGuest(again, 'cat /root/file; df -BG --output=size / | tail -n 1 | tr -d " "')).toBe('kept\n2G');
});
