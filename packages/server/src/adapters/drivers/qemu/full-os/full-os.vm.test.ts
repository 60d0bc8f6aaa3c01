import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idFromUuid } from '../../../../domain/ids.ts';
import type { DiskSpec, Driver } from '../../../../ports/driver.ts';
import { waitForMachine } from '../../../../ports/driver-contract/subject.contract.ts';
import type { GuestLink } from '../../../../ports/guest-link.ts';
import { readToEnd, shell } from '../../../../ports/guest-link-contract/subject.contract.ts';
import { makeQemuHost, type QemuHost, removeVm } from '../qemu-host.fixture.ts';
import { fullOsDisk, fullOsImage } from './full-os-disk.fixture.ts';

/* Systems that bring everything of their own: they boot for a minute under emulation, so that a machine serves for more than one thing. */

const options = { signal: new AbortController().signal };
const BOOT_MS = 900_000;
let host: QemuHost;
let driver: Driver;

beforeAll(async () => {
  host = await makeQemuHost();
  driver = host.makeDriver();
  await fullOsDisk();
});

afterAll(async () => {
  await driver[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

const BOOT_ID = 'cat /proc/sys/kernel/random/boot_id';

const USER_DATA = `#cloud-config
users:
  - default
  - name: ada
write_files:
  - path: /etc/told.txt
    content: |
      by cloud-init
packages:
  - hello
`;

async function machineOf(path: string, changes: Partial<DiskSpec['spec']> = {}): Promise<DiskSpec> {
  const machine = host.makeMachine({ image: await fullOsImage(path) });
  return { ...machine, spec: { ...machine.spec, memoryMib: 512, diskGib: 4, ...changes } };
}

async function start(machine: DiskSpec): Promise<{ readonly link: GuestLink } & AsyncDisposable> {
  await driver.createDisk(machine, options);
  await driver.startMachine(machine, options);
  const link = await driver.openLink(machine.vmId, { signal: AbortSignal.timeout(BOOT_MS) });
  return { link, [Symbol.asyncDispose]: () => removeVm(driver, machine.vmId) };
}

async function ask(link: GuestLink, script: string): Promise<string> {
  const process = await link.exec(idFromUuid('exec', randomUUIDv7()), shell(script), options);
  return (await readToEnd(process)).stdout.trim();
}

describe('a whole system with cloud-init', () => {
  test(
    'takes what it is told, runs our agent, is saved, restored as another one, suspended, and ends when it is asked to',
    async () => {
      const machine = await machineOf(await fullOsDisk(), {
        cloudInit: { userData: USER_DATA, metaData: '{ "role": "test" }', networkConfig: null },
      });
      await using started = await start(machine);
      const { link } = started;

      const outcome = await ask(link, 'cloud-init status --wait > /dev/null; cat /run/cloud-init/result.json');
      expect.soft(JSON.parse(outcome)).toMatchObject({ v1: { errors: [] } });
      expect.soft(Number(await ask(link, 'df -BM --output=size / | tr -dc 0-9'))).toBeGreaterThan(3_500);
      expect.soft(await ask(link, 'id -un ada; cat /etc/told.txt; hello')).toBe('ada\nby cloud-init\nHello, world!');
      expect
        .soft(await ask(link, 'hostname; cloud-init query instance_id; cloud-init query ds.meta_data.role'))
        .toBe(`${machine.name}\n${machine.vmId}\ntest`);
      expect.soft(await ask(link, 'ip -4 -o addr show scope global')).toContain('10.0.2.15/24');
      expect.soft(await ask(link, 'systemctl is-active volary-agent; cat /proc/1/comm')).toBe('active\nsystemd');

      await forkOf(machine, link);

      await driver.suspendMachine(machine.vmId, options);
      await driver.wakeMachine(machine, options);
      const woken = await driver.openLink(machine.vmId, { signal: AbortSignal.timeout(60_000) });
      expect.soft(await ask(woken, 'cat /run/kept')).toBe('kept');

      await growLive(machine, woken);

      const bootId = await ask(woken, BOOT_ID);
      await woken.shutDown('reboot', { ...options, graceMs: 60_000 });
      expect(await waitForMachine(driver, machine.vmId, 'ended')).toMatchObject({ end: { cause: 'rebooted' } });
      await driver.endMachine(machine.vmId, options);
      const larger = { ...machine.spec, vcpuCount: 2, diskGib: 5 };
      await driver.startMachine({ ...machine, spec: larger, incarnation: 2 }, options);
      const again = await driver.openLink(machine.vmId, { signal: AbortSignal.timeout(BOOT_MS) });
      expect.soft(await ask(again, BOOT_ID)).not.toBe(bootId);
      await ask(again, 'cloud-init status --wait');
      expect.soft(Number(await ask(again, 'df -BM --output=size / | tr -dc 0-9'))).toBeGreaterThan(4_500);
      expect.soft(await ask(again, 'cat /etc/told.txt; ls /run/kept 2> /dev/null')).toContain('by cloud-init');

      await ask(again, 'systemctl is-system-running --wait');
      // Its own init hears it, and the agent that it brought.
      await driver.pressPowerButton(machine.vmId, options);
      expect(await waitForMachine(driver, machine.vmId, 'ended')).toMatchObject({ end: { cause: 'powered-off' } });
    },
    3 * BOOT_MS,
  );

  /** A processor at once; for more memory and a larger disk it has to boot. */
  async function growLive({ vmId }: DiskSpec, link: GuestLink): Promise<void> {
    const { machine } = await driver.inspect(vmId, options);
    const shape = machine.kind === 'running' ? machine.shape : undefined;
    expect.soft(shape).toMatchObject({ diskGib: 4, growth: { memoryMib: 512, canGrowDisk: false } });
    const size = { vcpuCount: 2, memoryMib: 512, diskGib: 4 };
    const refused = driver.resizeMachine(vmId, { ...size, diskGib: 5 }, options);
    await expect.soft(refused).rejects.toMatchObject({ reason: 'driver.cannot_resize' });
    expect.soft(await driver.resizeMachine(vmId, size, options)).toMatchObject(size);
    await expect.poll(async () => (await link.grow(options)).cpuCount, { timeout: 60_000 }).toBe(2);
    expect.soft(await ask(link, 'nproc')).toBe('2');
  }

  async function forkOf(machine: DiskSpec, link: GuestLink): Promise<void> {
    const id = idFromUuid('snap', randomUUIDv7());
    expect(await ask(link, 'echo kept > /run/kept')).toBe('');
    await driver.saveMachine(machine.vmId, id, options);
    const vmId = idFromUuid('vm', randomUUIDv7());
    const from = { kind: 'snapshot', id } as const;
    const fork = { ...machine, vmId, name: 'fork', from, image: undefined };
    try {
      await driver.createDisk(fork, options);
      await driver.startMachine(fork, options);
      const forked = await driver.openLink(vmId, { signal: AbortSignal.timeout(60_000) });
      expect.soft(await ask(forked, 'cat /run/kept; hostname')).toBe('kept\nfork');
      expect.soft(await ask(forked, 'ip -4 -o addr show scope global')).toContain('10.0.2.15/24');
    } finally {
      await removeVm(driver, vmId);
      await driver.deleteSaved(id, options);
    }
  }
});

test(
  'a whole system that starts by UEFI, and whose cloud-init is switched off, is let have our agent by the one that it brings',
  async () => {
    const disk = await fullOsDisk({ without: 'cloud-init' });
    const machine = host.makeMachine({ image: await fullOsImage(disk, 'uefi') });
    await using started = await start({ ...machine, spec: { ...machine.spec, memoryMib: 512, diskGib: 4 } });

    expect.soft(await ask(started.link, 'ls -d /sys/firmware/efi; cloud-init status')).toContain('/sys/firmware/efi');
    expect.soft(await ask(started.link, 'cloud-init status')).toBe('status: disabled');
    expect.soft(await ask(started.link, 'systemctl is-enabled volary-agent')).toBe('enabled');
    await ask(started.link, 'systemctl is-system-running --wait');
    // The agent that it brought hears it as well.
    await driver.pressPowerButton(machine.vmId, options);
    expect(await waitForMachine(driver, machine.vmId, 'ended')).toMatchObject({ end: { cause: 'powered-off' } });
  },
  2 * BOOT_MS,
);
