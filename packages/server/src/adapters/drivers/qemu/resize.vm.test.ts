import { randomUUIDv7 } from 'node:crypto';
import { expect, test } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import type { MachineShape } from '../../../domain/vm/machine-shape.ts';
import type { DiskSpec, Driver } from '../../../ports/driver.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { runInGuest } from './run-in-guest.fixture.ts';
import { useQemu } from './use-qemu.fixture.ts';

/* Machines that are made larger while they run, as their guests see it, and what becomes of that when they are saved. */

const options = { signal: new AbortController().signal };
const MIB = 1024 ** 2;
const MARK = 'kept in the memory that was added';
const qemu = useQemu();

/** What its guest says it has: processors, MiB of memory, GiB of disk. */
async function sizeIn(link: GuestLink): Promise<readonly number[]> {
  const text = await runInGuest(link, "nproc; free -m | awk '/^Mem/ {print $2}'; df -BG / | awk 'NR==2 {print $2+0}'");
  return text.split('\n').map(Number);
}

async function shapeOf({ vmId }: DiskSpec): Promise<MachineShape | undefined> {
  const { machine } = await qemu.driver.inspect(vmId, options);
  return machine.kind === 'running' ? machine.shape : undefined;
}

/** Makes it larger, and has its guest use that. */
async function grow(machine: DiskSpec, link: GuestLink, size: Parameters<Driver['resizeMachine']>[1]): Promise<void> {
  await qemu.driver.resizeMachine(machine.vmId, size, options);
  await expect
    .poll(() => link.grow(options), { timeout: 60_000 })
    .toMatchObject({
      cpuCount: size.vcpuCount,
      memoryBytes: expect.toSatisfy((bytes) => bytes >= size.memoryMib * MIB),
      rootBytes: expect.toSatisfy((bytes) => bytes > (size.diskGib * 1024 - 128) * MIB),
    });
}

test('processors, memory and disk are there in the same boot, and in the next', async () => {
  const machine = qemu.newMachine();
  const link = await qemu.start(machine);
  const bootId = await runInGuest(link, 'cat /proc/sys/kernel/random/boot_id');
  const [, memoryBefore = 0] = await sizeIn(link);
  const { memoryMib } = machine.spec;
  expect(await shapeOf(machine)).toMatchObject({ vcpuCount: 1, memoryMib, diskGib: 2, growth: { vcpuCount: 8 } });

  await grow(machine, link, { vcpuCount: 2, memoryMib: memoryMib + 128, diskGib: 3 });
  await grow(machine, link, { vcpuCount: 4, memoryMib: memoryMib + 384, diskGib: 3 });

  await expect.poll(() => sizeIn(link), { timeout: 30_000 }).toEqual([4, expect.any(Number), 3]);
  const [, memoryAfter = 0] = await sizeIn(link);
  expect(memoryAfter - memoryBefore).toBeGreaterThan(360);
  expect(await runInGuest(link, 'cat /proc/sys/kernel/random/boot_id')).toBe(bootId);
  expect(await shapeOf(machine)).toMatchObject({ vcpuCount: 4, memoryMib: memoryMib + 384, diskGib: 3 });
  await qemu.driver.endMachine(machine.vmId, options);
  const next = { ...machine, incarnation: 2, spec: { ...machine.spec, vcpuCount: 2, diskGib: 4 } };
  await qemu.driver.startMachine(next, options);
  const again = await qemu.driver.openLink(machine.vmId, options);
  await expect.poll(() => sizeIn(again), { timeout: 30_000 }).toEqual([2, expect.any(Number), 4]);
});

test('what a machine was given stays with it when it is suspended, saved, forked and saved again', {
  timeout: 400_000,
}, async () => {
  const machine = qemu.newMachine();
  const link = await qemu.start(machine);
  const grown = { vcpuCount: 3, memoryMib: machine.spec.memoryMib + 256, diskGib: 2 };
  await grow(machine, link, grown);
  // More than it had before: a part of it lies in what was added.
  await runInGuest(
    link,
    `mkdir /m && mount -t tmpfs -o size=300M none /m && yes | head -c 160M > /m/a && echo '${MARK}' > /m/mark`,
  );
  const sum = await runInGuest(link, 'cksum < /m/a');

  await qemu.driver.suspendMachine(machine.vmId, options);
  const spec = { ...machine.spec, vcpuCount: grown.vcpuCount, memoryMib: grown.memoryMib };
  await qemu.driver.wakeMachine({ ...machine, spec }, options);
  const woken = await qemu.driver.openLink(machine.vmId, options);
  expect(await runInGuest(woken, 'nproc; cat /m/mark; cksum < /m/a')).toBe(`3\n${MARK}\n${sum}`);
  expect(await shapeOf(machine)).toMatchObject(grown);

  const first = idFromUuid('snap', randomUUIDv7());
  const saved = await qemu.driver.saveMachine(machine.vmId, first, options);
  expect(saved).toMatchObject({ vcpuCount: 3, memoryMib: grown.memoryMib });
  const fork = qemu.newMachine({ name: 'fork', spec, from: { kind: 'snapshot', id: first } });
  const forked = await qemu.start(fork);
  expect(await runInGuest(forked, 'nproc; cat /m/mark; cksum < /m/a')).toBe(`3\n${MARK}\n${sum}`);

  const larger = { ...grown, vcpuCount: 4, memoryMib: grown.memoryMib + 128 };
  await grow(fork, forked, larger);
  await runInGuest(forked, `echo changed > /m/mark`);
  const second = idFromUuid('snap', randomUUIDv7());
  await qemu.driver.saveMachine(fork.vmId, second, options);
  const largerSpec = { ...spec, vcpuCount: 4, memoryMib: larger.memoryMib };
  const child = qemu.newMachine({ name: 'child', spec: largerSpec, from: { kind: 'snapshot', id: second } });
  const last = await qemu.start(child);
  expect(await runInGuest(last, 'nproc; cat /m/mark; cksum < /m/a')).toBe(`4\nchanged\n${sum}`);
  expect(await runInGuest(woken, 'cat /m/mark')).toBe(MARK);
  for (const id of [first, second]) await qemu.driver.deleteSaved(id, options);
});

test('a server that was killed over it is followed by one that goes on', async () => {
  const machine = qemu.newMachine();
  const link = await qemu.start(machine);
  const { memoryMib } = machine.spec;
  let passes = 0;
  const dying = qemu.host.makeDriver({
    faultPoint: (name) => {
      if (name !== 'qemu.machine-grown') return;
      passes += 1;
      throw new Error('killed');
    },
  });
  const size = { vcpuCount: 2, memoryMib: memoryMib + 128, diskGib: 3 };
  await link[Symbol.asyncDispose]();
  await qemu.driver[Symbol.asyncDispose]();
  qemu.driver = dying;
  await expect(dying.resizeMachine(machine.vmId, size, options)).rejects.toThrow('killed');
  await expect(dying.resizeMachine(machine.vmId, size, options)).rejects.toThrow('killed');
  await dying[Symbol.asyncDispose]();
  qemu.driver = qemu.host.makeDriver();

  const shape = await qemu.driver.resizeMachine(machine.vmId, size, options);

  expect(passes).toBe(2);
  expect(shape).toMatchObject(size);
  const next = await qemu.driver.openLink(machine.vmId, options);
  await grow(machine, next, size);
  expect((await sizeIn(next))[0]).toBe(2);
});

test.each([
  ['fewer blocks of memory than one', (mib: number) => ({ vcpuCount: 1, memoryMib: mib + 100, diskGib: 2 })],
  ['more processors than there is room for', (mib: number) => ({ vcpuCount: 9, memoryMib: mib, diskGib: 2 })],
  ['a shorter disk', (mib: number) => ({ vcpuCount: 1, memoryMib: mib, diskGib: 1 })],
])('it is not given %s', async (what, sizeFor) => {
  const machine = qemu.newMachine();
  await qemu.driver.createDisk(machine, options);
  await qemu.driver.startMachine(machine, options);
  const wanted = sizeFor(machine.spec.memoryMib);

  const resizing = qemu.driver.resizeMachine(machine.vmId, wanted, options);

  // A disk is never made shorter, and whoever asks for that is told how long it is.
  if (what.includes('disk')) expect(await resizing).toMatchObject({ diskGib: 2 });
  else await expect(resizing).rejects.toMatchObject({ reason: 'driver.cannot_resize' });
  expect(await shapeOf(machine)).toMatchObject({ vcpuCount: 1, memoryMib: machine.spec.memoryMib, diskGib: 2 });
});
