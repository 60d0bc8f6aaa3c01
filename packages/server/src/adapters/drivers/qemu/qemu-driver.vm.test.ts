import type { VmId } from '../../../domain/ids.ts';
import type { Driver } from '../../../ports/driver.ts';
import { driverContract } from '../../../ports/driver.contract.ts';
import { makeQemuHost } from './qemu-host.fixture.ts';

const options = { signal: new AbortController().signal };

async function askToEnd(driver: Driver, vmId: VmId, how: 'power-off' | 'reboot'): Promise<void> {
  const link = await driver.openLink(vmId, options);
  await link.shutDown(how, { ...options, graceMs: 1_000 });
}

/** The write is never answered: the guest is gone before it could be. */
async function panic(driver: Driver, vmId: VmId): Promise<void> {
  const link = await driver.openLink(vmId, options);
  async function* content(): AsyncIterable<Uint8Array> {
    yield Buffer.from('c');
  }
  link.writeFile('/proc/sysrq-trigger', content(), options).catch(() => undefined);
  await waitForSilence(driver, vmId);
}

async function waitForSilence(driver: Driver, vmId: VmId): Promise<void> {
  for await (const _ of driver.watch(options)) {
    if ((await driver.inspect(vmId, options)).machine.kind !== 'running') return;
  }
}

async function killVmm(driver: Driver, vmId: VmId): Promise<void> {
  const { machine } = await driver.inspect(vmId, options);
  if (machine.kind !== 'running' || machine.pid === null) throw new Error('there is no VMM to kill');
  process.kill(machine.pid, 'SIGKILL');
}

driverContract({
  name: 'the QEMU driver',
  make: async () => ({
    ...(await makeQemuHost()),
    provoke: {
      'powered-off': (driver, vmId) => askToEnd(driver, vmId, 'power-off'),
      rebooted: (driver, vmId) => askToEnd(driver, vmId, 'reboot'),
      panicked: panic,
      'vmm-died': killVmm,
    },
  }),
});
