import { afterAll, it } from 'vitest';
import type { VmId } from '../../../domain/ids.ts';
import { driverContract } from '../../../ports/driver.contract.ts';
import type { Driver } from '../../../ports/driver.ts';
import { startTestEngine } from './docker-engine.fixture.ts';
import { makeDockerHost } from './docker-host.fixture.ts';

const options = { signal: new AbortController().signal };

async function askToEnd(driver: Driver, vmId: VmId, how: 'power-off' | 'reboot'): Promise<void> {
  const link = await driver.openLink(vmId, options);
  await link.shutDown(how, { ...options, graceMs: 1_000 });
}

async function killFirstProgram(driver: Driver, vmId: VmId): Promise<void> {
  const { machine } = await driver.inspect(vmId, options);
  if (machine.kind !== 'running' || machine.pid === null) throw new Error('there is no container to kill');
  process.kill(machine.pid, 'SIGKILL');
}

const engine = await startTestEngine();

if ('whyNot' in engine) {
  it('runs containers', ({ skip }) => skip(engine.whyNot));
} else {
  afterAll(() => engine[Symbol.asyncDispose]());

  driverContract({
    name: 'the Docker driver',
    make: async () => ({
      ...(await makeDockerHost(engine.socketPath)),
      provoke: {
        'powered-off': (driver, vmId) => askToEnd(driver, vmId, 'power-off'),
        rebooted: (driver, vmId) => askToEnd(driver, vmId, 'reboot'),
        // The kernel is the host's.
        panicked: null,
        'vmm-died': killFirstProgram,
      },
    }),
  });
}
