import { randomUUIDv7 } from 'node:crypto';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import type { DiskSpec, Driver } from '../../../ports/driver.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { readToEnd, shell } from '../../../ports/guest-link-contract/subject.contract.ts';
import { makeQemuHost, type QemuHost, removeVm } from './qemu-host.fixture.ts';
import { vmDirectory } from './vm-directory.ts';

/* Disks besides the root. */

const options = { signal: new AbortController().signal };
let host: QemuHost;
let driver: Driver;

beforeAll(async () => {
  host = await makeQemuHost();
  driver = host.makeDriver();
});

afterAll(async () => {
  await driver[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

async function ask(link: GuestLink, script: string): Promise<string> {
  const process = await link.exec(idFromUuid('exec', randomUUIDv7()), shell(script), options);
  return (await readToEnd(process)).stdout.trim();
}

const DATA = '/dev/disk/by-id/virtio-data';

test('are found by their names, keep what is written to them through a restart and a suspension, and go with their VM', async () => {
  const small = host.makeMachine();
  const disks = [
    { name: 'logs', sizeGib: 1 },
    { name: 'data', sizeGib: 3 },
  ];
  const machine: DiskSpec = { ...small, spec: { ...small.spec, disks } };
  const { vmId } = machine;
  await driver.createDisk(machine, options);
  await driver.startMachine(machine, options);
  const first = await driver.openLink(vmId, options);

  expect(await ask(first, `blockdev --getsize64 ${DATA}`)).toBe(String(3 * 1024 ** 3));
  expect(await ask(first, 'findmnt -n -o SOURCE /; ls /dev/disk/by-id')).toContain('virtio-logs');
  await ask(first, `echo kept | dd of=${DATA} bs=512 conv=sync,fsync`);
  const id = idFromUuid('snap', randomUUIDv7());
  await expect(driver.saveMachine(vmId, id, options)).rejects.toMatchObject({ reason: 'snapshot.extra_disks' });

  await driver.suspendMachine(vmId, options);
  await driver.wakeMachine(machine, options);
  const woken = await driver.openLink(vmId, options);
  expect(await ask(woken, `head -c 4 ${DATA}`)).toBe('kept');

  await driver.endMachine(vmId, options);
  await driver.startMachine({ ...machine, incarnation: 2 }, options);
  const second = await driver.openLink(vmId, options);
  expect(await ask(second, `head -c 4 ${DATA}`)).toBe('kept');

  await removeVm(driver, vmId);
  expect(existsSync(vmDirectory(host.dataDir, vmId).path)).toBe(false);
});
