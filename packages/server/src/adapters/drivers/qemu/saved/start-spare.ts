/**
 * A spare: a machine that was restored from a warm template ahead of its VM, and waits, halted, to be given to it.
 *
 *   disk and start, as a VM's -> its guest is told who it is, and runs a command -> halted
 *
 * What each new VMM does first it does slowly: it translates guest code, and copies pages that the guest writes to. A spare has that
 * behind it: it has been through all that follows when it is given away, a first command as well.
 */
import type { VmId } from '../../../../domain/ids.ts';
import type { DiskSpec } from '../../../../ports/driver.ts';
import type { Abortable, GuestLink } from '../../../../ports/guest-link.ts';
import type { QmpClient } from '../qmp/qmp-client.ts';
import { rehearseCommand, rehearseIdentity } from './rehearse.ts';

/** Nobody sees it but on the host, where it stays its process's name: the guest has another one before anybody may look. */
const nameOf = (vmId: VmId): string => `spare-${vmId.slice(-8)}`;

/** What of the driver a spare is made with. */
export interface SpareMaker {
  readonly createDisk: (machine: DiskSpec, options: Abortable) => Promise<unknown>;
  readonly startMachine: (machine: DiskSpec & { readonly isSpare: true }, options: Abortable) => Promise<unknown>;
  /** A link to a machine that nobody else gets one to. */
  readonly openLink: (vmId: VmId, options: Abortable) => Promise<GuestLink>;
  readonly monitor: (vmId: VmId) => Promise<QmpClient>;
  readonly endMachine: (vmId: VmId, options: Abortable) => Promise<unknown>;
  readonly deleteDisk: (vmId: VmId, options: Abortable) => Promise<unknown>;
}

/** Makes one, or leaves nothing. Throws as `WarmTemplates.startSpare`. */
export async function startSpare(
  maker: SpareMaker,
  machine: Omit<DiskSpec, 'name' | 'labels' | 'from'>,
  { key, signal }: Abortable & { readonly key: string },
): Promise<void> {
  const spare = {
    ...machine,
    name: nameOf(machine.vmId),
    labels: {},
    from: { kind: 'warm', key },
    isSpare: true,
  } as const;
  try {
    await maker.createDisk(spare, { signal });
    await maker.startMachine(spare, { signal });
    await rouse(maker, machine.vmId, signal);
    const client = await maker.monitor(machine.vmId);
    await client.execute('stop', null);
  } catch (error) {
    const whatever = { signal: new AbortController().signal };
    await maker.endMachine(machine.vmId, whatever);
    await maker.deleteDisk(machine.vmId, whatever);
    throw error;
  }
}

/** Opening a link tells the guest who it is. Twice all of it: what is done a second time takes a quarter of the first. */
async function rouse(maker: SpareMaker, vmId: VmId, signal: AbortSignal): Promise<void> {
  for (let times = 0; times < 2; times++) {
    await using link = await maker.openLink(vmId, { signal });
    // As somebody else: a name that it has already would not be written.
    await rehearseIdentity(link, { signal });
    await rehearseCommand(link, { signal });
  }
}
