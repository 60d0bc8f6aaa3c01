import { randomBytes } from 'node:crypto';
import { uuidOf, type VmId } from '../../../../domain/ids.ts';
import type { Abortable, GuestLink } from '../../../../ports/guest-link.ts';
import { type LaunchRecord, readRecord, writeRecord } from '../launch-record.ts';
import type { Machines } from '../machines.ts';
import { NIC_ID } from '../network.ts';

const ENTROPY_BYTES = 32;

/**
 * Tells a restored guest who it is now, and only then joins it to its network: until that has been done, and written down,
 * nobody else gets a link to it. May be repeated. Throws the guest's own error, and then the machine is of no use.
 */
export async function identifyRestored(
  machines: Machines,
  vmId: VmId,
  { record, link, signal }: Abortable & { readonly record: LaunchRecord; readonly link: GuestLink },
): Promise<void> {
  const { restore } = record;
  if (restore == null) return;
  const { hostname, network } = restore;
  const machineId = uuidOf(vmId).replaceAll('-', '');
  const entropy = randomBytes(ENTROPY_BYTES);
  await link.identify({ hostname, machineId, wallClockMs: Date.now(), network, entropy }, { signal });
  if (Object.keys(network).length > 0) {
    const client = await machines.monitor(vmId, record).client();
    await client.execute('set_link', { name: NIC_ID, up: true });
  }
  // One that was made ahead will be told again, by whoever it is given to.
  if (record.isSpare === true) return;
  await machines.lock.run(vmId, async () => {
    const path = machines.directory(vmId).recordPath;
    const stored = await readRecord(path);
    if (stored.kind !== 'valid' || stored.record.incarnation !== record.incarnation) return;
    await writeRecord(path, { ...stored.record, restore: { ...restore, isGoing: true, isIdentified: true } });
  });
}
