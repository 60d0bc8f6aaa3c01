import { randomUUIDv7 } from 'node:crypto';
import { idFromUuid } from '../../../domain/ids.ts';
import type { DiskSpec } from '../../../ports/driver.ts';

/** A new VM's machine, with these labels for its faults. */
export function makeMachine(labels: Readonly<Record<string, string>> = {}): DiskSpec {
  const network = { mode: 'user', egress: 'deny' } as const;
  const image = {
    name: 'base',
    digest: '00',
    kernelPath: '',
    initramfsPath: '',
    rootPath: '',
    rootBytes: 0,
    sizeBytes: 0,
    kernelVersion: '0',
    builtAt: 0,
  };
  const spec = { image: 'base', vcpuCount: 1, memoryMib: 256, diskGib: 1, network, restartPolicy: 'never' } as const;
  return { vmId: idFromUuid('vm', randomUUIDv7()), name: 'one', incarnation: 1, spec, labels, image };
}
