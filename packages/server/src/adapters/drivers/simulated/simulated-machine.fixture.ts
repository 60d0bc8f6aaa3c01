import { randomUUIDv7 } from 'node:crypto';
import { idFromUuid, type VmId } from '../../../domain/ids.ts';
import { VM_DEFAULTS } from '../../../domain/vm/spec.ts';
import type { DiskSpec, Driver } from '../../../ports/driver.ts';
import type { DriverSubject } from '../../../ports/driver-contract/subject.contract.ts';
import { createManualClock } from '../../shared/manual-clock.ts';
import { createSimulatedDriver } from './simulated-driver.ts';
import { createSimulatedWorld } from './simulated-world.ts';

const options = { signal: new AbortController().signal };

/** A new VM's machine, with these labels for its faults. */
export function makeMachine(labels: Readonly<Record<string, string>> = {}): DiskSpec {
  const network = { mode: 'user', egress: 'deny' } as const;
  const image = {
    name: 'base',
    digest: '00',
    boot: 'direct' as const,
    kernelPath: '',
    initramfsPath: '',
    rootPath: '',
    rootBytes: 0,
    sizeBytes: 0,
    kernelVersion: '0',
    builtAt: 0,
  };
  const spec = { ...VM_DEFAULTS, memoryMib: 256, diskGib: 1, network };
  return { vmId: idFromUuid('vm', randomUUIDv7()), name: 'one', incarnation: 1, spec, labels, image };
}

/** A new simulated host, for the contract suite of drivers. */
export function makeSimulatedSubject(): DriverSubject {
  const world = createSimulatedWorld({ clock: createManualClock() });
  const powerOff =
    (how: 'power-off' | 'reboot') =>
    async (driver: Driver, vmId: VmId): Promise<void> => {
      const link = await driver.openLink(vmId, options);
      await link.shutDown(how, { ...options, graceMs: 0 });
    };
  return {
    makeDriver: () => createSimulatedDriver({ world }),
    makeMachine: () => makeMachine(),
    provoke: {
      'powered-off': powerOff('power-off'),
      rebooted: powerOff('reboot'),
      panicked: async (driver, vmId) => {
        const link = await driver.openLink(vmId, options);
        await link.writeFile('/proc/sysrq-trigger', bytes('c'), options);
      },
      'vmm-died': async (_, vmId) => world.vms.get(vmId)?.endByItself({ cause: 'vmm-died', detail: 'killed' }),
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function* bytes(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text);
}
