import { randomUUIDv7 } from 'node:crypto';
import { idFromUuid, type VmId } from '../../../domain/ids.ts';
import { driverContract } from '../../../ports/driver.contract.ts';
import type { Driver } from '../../../ports/driver.ts';
import { waitForMachine } from '../../../ports/driver-contract/subject.contract.ts';
import { makeQemuHost } from './qemu-host.fixture.ts';

const options = { signal: new AbortController().signal };

async function askToEnd(driver: Driver, vmId: VmId, how: 'power-off' | 'reboot'): Promise<void> {
  const link = await driver.openLink(vmId, options);
  await link.shutDown(how, { ...options, graceMs: 1_000 });
}

async function panic(driver: Driver, vmId: VmId): Promise<void> {
  const link = await driver.openLink(vmId, options);
  const script = 'echo c > /proc/sysrq-trigger';
  const request = { argv: ['sh', '-c', script], env: {}, cwd: '/', user: '', tty: null, hasStdin: false, timeoutMs: 0 };
  // Never answered: the guest is gone before it could.
  link.exec(idFromUuid('exec', randomUUIDv7()), request, options).catch(() => undefined);
  await waitForMachine(driver, vmId, 'ended');
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
