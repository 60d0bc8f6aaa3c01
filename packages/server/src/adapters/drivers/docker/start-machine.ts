import { randomBytes } from 'node:crypto';
import type { DriverHandle } from '../../../domain/vm/vm.ts';
import type { MachineSpec } from '../../../ports/driver.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { putFiles } from './container-files.ts';
import type { DockerDriverDeps } from './docker-config.ts';
import { findContainer, killContainer, limitContainer, startContainer } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';
import { machinePresent, noDisk, noSnapshots } from './errors.ts';
import type { MachineRecords } from './machine-record.ts';
import { handleOf, observe } from './observe.ts';
import { outlasting } from './outlasting.ts';
import type { UnpackedPacks } from './unpacked-packs.ts';

export interface StartParts extends Pick<DockerDriverDeps, 'installationId' | 'readAgent' | 'faultPoint'> {
  readonly client: EngineClient;
  readonly records: MachineRecords;
  readonly unpacked: UnpackedPacks;
}

const LINK_KEY_BYTES = 16;

/** Begins a life in the VM's container, unless it has begun. The caller holds the VM's lock. */
export async function startMachine(
  { client, records, unpacked, installationId, readAgent, faultPoint }: StartParts,
  { vmId, incarnation, spec, from }: MachineSpec,
  { signal }: Abortable,
): Promise<DriverHandle> {
  if (from !== undefined) throw noSnapshots();
  const container = await findContainer(client, { vmId, installationId }, { signal });
  const { machine } = observe(container, await records.read(vmId));
  const isThere = machine.kind === 'running' || machine.kind === 'paused';
  if (isThere && machine.incarnation === incarnation) return machine.handle;
  if (machine.kind !== 'absent') throw machinePresent();
  if (container === null) throw noDisk();

  const { id, startedAt: startedBefore } = container;
  const { vcpuCount, memoryMib, diskGib } = spec;
  try {
    await putFiles(client, container, { agent: await readAgent({ signal }), unpacked, signal });
    await limitContainer(client, id, { vcpuCount, memoryMib, signal });
    const linkKey = randomBytes(LINK_KEY_BYTES).toString('hex');
    await records.write(vmId, { version: 1, incarnation, startedBefore, linkKey, diskGib });
    faultPoint?.('docker.life-recorded');
    signal.throwIfAborted();
    // Broken off, nobody would know whether it comes about.
    await outlasting(signal, (each) => startContainer(client, id, { signal: each }));
    signal.throwIfAborted();
  } catch (error) {
    // As far as that can be; what is left of it then is seen by whoever looks next.
    await outlasting(signal, (each) => killContainer(client, id, { signal: each })).catch(() => undefined);
    await records.remove(vmId);
    throw error;
  }
  return handleOf(container, incarnation);
}
