import { execFileSync } from 'node:child_process';
import { randomUUIDv7 } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import type { DiskSpec, MachineSpec } from '../../../ports/driver.ts';
import { readToEnd, shell } from '../../../ports/guest-link-contract/subject.contract.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { adoptImages } from './adopt-images.ts';
import { removeVm } from './qemu-host.fixture.ts';
import { useQemu } from './use-qemu.fixture.ts';
import { vmDirectory } from './vm-directory.ts';

/* A cache is emptied, or an image removed from it by a server that shares it. */

const options = { signal: new AbortController().signal };
const log = createPinoLog({ level: 'error' });
const qemu = useQemu();

/** A machine whose image lies in a cache of its own, which may be destroyed. */
function cached(): { readonly machine: DiskSpec; readonly imagePath: string } {
  const { image } = qemu.host;
  const source = dirname(image.rootPath);
  const imagePath = join(qemu.host.cacheDir, 'images', 'base-0');
  mkdirSync(imagePath, { recursive: true });
  for (const name of readdirSync(source)) linkSync(join(source, name), join(imagePath, name));
  const path = (name: string): string => join(imagePath, name);
  const files = { kernelPath: path('kernel'), initramfsPath: path('initramfs'), rootPath: path('root.raw') };
  return { machine: qemu.host.makeMachine({ image: { ...image, ...files } }), imagePath };
}

/** Runs the machine for as long as it takes to run the script in its guest. */
async function run(machine: MachineSpec, script: string): Promise<string> {
  await qemu.driver.startMachine(machine, options);
  const link = await qemu.driver.openLink(machine.vmId, options);
  const process = await link.exec(idFromUuid('exec', randomUUIDv7()), shell(script), options);
  const { stdout } = await readToEnd(process);
  await qemu.driver.endMachine(machine.vmId, options);
  return stdout;
}

function keptDigests(): readonly string[] {
  return readdirSync(join(qemu.host.dataDir, 'images'));
}

test('a disk needs nothing of the cache once it is made', async () => {
  const { machine } = cached();
  await qemu.driver.createDisk(machine, options);
  await run(machine, 'echo kept > /root/file; sync');

  rmSync(qemu.host.cacheDir, { recursive: true });

  expect(await run({ ...machine, incarnation: 2 }, 'cat /root/file')).toBe('kept\n');
  const { diskPath } = vmDirectory(qemu.host.dataDir, machine.vmId);
  const check = execFileSync('qemu-img', ['info', '--backing-chain', '--output=json', diskPath], { encoding: 'utf8' });
  expect(check).not.toContain(qemu.host.cacheDir);
  expect(keptDigests()).toEqual([machine.image.digest]);
  await removeVm(qemu.driver, machine.vmId);
  expect(keptDigests()).toEqual([]);
});

test('a disk of before, which stands on the cache, is made safe when the server starts', async () => {
  const { machine, imagePath } = cached();
  const directory = vmDirectory(qemu.host.dataDir, machine.vmId);
  mkdirSync(directory.runPath, { recursive: true });
  const base = join(imagePath, 'root.raw');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, directory.diskPath, '2G']);
  const observe = async () => (await qemu.driver.inspect(machine.vmId, options)).disk;
  expect(await observe()).toEqual({ kind: 'present', imageDigest: null });

  await adoptImages({ ...qemu.host, log });
  expect(await observe()).toEqual({ kind: 'present', imageDigest: machine.image.digest });
  rmSync(qemu.host.cacheDir, { recursive: true });
  await adoptImages({ ...qemu.host, log });

  expect(await run(machine, 'echo here')).toBe('here\n');
  await removeVm(qemu.driver, machine.vmId);
});

test('a disk of before whose cache is gone already is refused, not started on something else', async () => {
  const { machine, imagePath } = cached();
  const directory = vmDirectory(qemu.host.dataDir, machine.vmId);
  mkdirSync(directory.runPath, { recursive: true });
  const base = join(imagePath, 'root.raw');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, directory.diskPath, '2G']);
  rmSync(qemu.host.cacheDir, { recursive: true });

  await adoptImages({ ...qemu.host, log });

  await expect(qemu.driver.startMachine(machine, options)).rejects.toMatchObject({
    code: 'data_loss',
    reason: 'image.lost',
  });
  await removeVm(qemu.driver, machine.vmId);
});
