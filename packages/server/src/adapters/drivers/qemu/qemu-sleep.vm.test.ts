import { randomUUIDv7 } from 'node:crypto';
import { expect, test } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import type { MachineSpec } from '../../../ports/driver.ts';
import { waitForMachine } from '../../../ports/driver-contract/subject.contract.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { readToEnd, shell } from '../../../ports/guest-link-contract/subject.contract.ts';
import { identityOf } from '../../shared/vm-identity.ts';
import { guestFiles } from './inherited-files.ts';
import { launchVmm } from './launch.ts';
import { readRecord } from './launch-record.ts';
import { removeVm } from './qemu-host.fixture.ts';
import { useQemu } from './use-qemu.fixture.ts';
import { vmDirectory } from './vm-directory.ts';

/* A guest that puts itself to sleep. */

const options = { signal: new AbortController().signal };
const qemu = useQemu();

async function started(): Promise<{ readonly machine: MachineSpec } & AsyncDisposable> {
  const machine = qemu.host.makeMachine();
  await qemu.driver.createDisk(machine, options);
  await qemu.driver.startMachine(machine, options);
  return { machine, [Symbol.asyncDispose]: () => removeVm(qemu.driver, machine.vmId) };
}

/** Another VMM for the machine, as it was started before it was forbidden to sleep. */
async function startAsBefore({ vmId }: MachineSpec): Promise<void> {
  const directory = vmDirectory(qemu.host.dataDir, vmId);
  const stored = await readRecord(directory.recordPath);
  if (stored.kind !== 'valid') throw new Error('there is no record');
  await qemu.driver.endMachine(vmId, options);
  const argv = stored.record.argv.filter((argument, index, all) => ![argument, all[index - 1]].includes('-global'));
  expect(argv.length).toBeLessThan(stored.record.argv.length);
  await launchVmm(
    {
      directory,
      record: { ...stored.record, argv, process: null },
      identity: identityOf(vmId, []),
      files: guestFiles(qemu.host.image, { hasDisk: true }),
      diesWithUs: false,
      onExit: () => undefined,
    },
    async () => (await qemu.driver.inspect(vmId, options)).machine.kind === 'running',
    options.signal,
  );
}

async function ask(link: GuestLink, script: string): Promise<string> {
  const process = await link.exec(idFromUuid('exec', randomUUIDv7()), shell(script), options);
  return (await readToEnd(process)).stdout.trim();
}

/** Begins what never answers: the guest is asleep before it could. */
function begin(link: GuestLink, script: string): void {
  link.exec(idFromUuid('exec', randomUUIDv7()), shell(script), options).catch(() => undefined);
}

test('a guest is offered no sleep in which its machine stops', async () => {
  await using vm = await started();
  const link = await qemu.driver.openLink(vm.machine.vmId, options);

  expect(await ask(link, 'cat /sys/power/mem_sleep')).toBe('[s2idle]');
  expect(await ask(link, 'cat /sys/power/disk')).not.toContain('platform');
});

test('a guest that idles in its sleep hears the power button, and then what its agent was asked before', async () => {
  await using vm = await started();
  const { vmId } = vm.machine;
  const link = await qemu.driver.openLink(vmId, options);
  begin(link, 'echo freeze > /sys/power/state');
  await expect(untilSilent(link)).resolves.toMatchObject({ reason: 'guest.silent' });
  expect((await qemu.driver.inspect(vmId, options)).machine.kind).toBe('running');

  link.shutDown('power-off', { ...options, graceMs: 1_000 }).catch(() => undefined);
  await qemu.driver.pressPowerButton(vmId, options);

  expect((await waitForMachine(qemu.driver, vmId, 'ended')).end.cause).toBe('powered-off');
});

test('a machine of before that its guest has put to sleep is halted, and can be woken', async () => {
  await using vm = await started();
  const { vmId } = vm.machine;
  await startAsBefore(vm.machine);
  const link = await qemu.driver.openLink(vmId, options);
  begin(link, 'echo mem > /sys/power/state');
  await waitForMachine(qemu.driver, vmId, 'paused');

  await qemu.driver.pauseMachine(vmId, options);
  expect((await qemu.driver.inspect(vmId, options)).machine.kind).toBe('paused');
  await qemu.driver.resumeMachine(vmId, options);

  // Some wake up; others, as under emulation, reset themselves at it, and have rebooted. None is asleep any more.
  expect((await qemu.driver.inspect(vmId, options)).machine.kind).not.toBe('paused');
});

async function untilSilent(link: GuestLink): Promise<unknown> {
  for (;;) {
    try {
      await link.ping({ timeoutMs: 1_000 });
    } catch (error) {
      return error;
    }
  }
}
