/**
 * What the host knows of a machine whose guest does not tell: `/proc` of its VMM has processors and memory, the VMM counts what
 * its guest does to its disks, and the kernel what passes the machine's interface. Nobody in the guest is asked, so that it
 * is known of one that hangs as well.
 */
import { VolaryError } from '../../../domain/errors.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { MachineFigures } from '../../../ports/driver.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { abortable } from '../../shared/abortable.ts';
import { readCpuMs, readDevice, readResidentBytes, uptimeMsOf } from '../../shared/process.ts';
import type { LaunchRecord } from './launch-record.ts';
import type { Machines } from './machines.ts';
import { tapNameOf } from './network.ts';
import { findRecord } from './present-machine.ts';
import { findVmm } from './vmm-process.ts';

/** A VMM answers in less than a millisecond, unless it is being saved or waits for its host. */
const ANSWER_MS = 1_000;

type DiskFigures = Pick<MachineFigures, 'diskTransferBytes' | 'diskOperations'>;
type NetworkFigures = Pick<MachineFigures, 'networkBytes' | 'networkPackets'>;

/** As `Driver.surveyMachine`. */
export async function surveyMachine(
  machines: Machines,
  vmId: VmId,
  { signal }: Abortable,
): Promise<MachineFigures | null> {
  const record = await findRecord(machines, vmId);
  if (record === null) return null;
  // Asked first, so that all the rest, with the uptime, is of one moment.
  const disks = await askForDisks(machines, vmId, { record, signal });
  const vmm = findVmm(record, machines.directory(vmId));
  const cpuMs = vmm === null ? null : readCpuMs(vmm.pid);
  if (vmm === null || cpuMs === null) return null;
  const { pid } = vmm;
  return { uptimeMs: uptimeMsOf(vmm), cpuMs, heldBytes: readResidentBytes(pid), ...disks, ...networkOf(record, pid) };
}

/** Null where it does not answer now; whoever else asks it is not hindered by that. */
async function askForDisks(
  machines: Machines,
  vmId: VmId,
  { record, signal }: Abortable & { readonly record: LaunchRecord },
): Promise<DiskFigures> {
  const inTime = AbortSignal.timeout(ANSWER_MS);
  const ask = async () => {
    const client = await machines.monitor(vmId, record).client();
    return await client.execute('query-blockstats', null, { timeoutMs: ANSWER_MS });
  };
  try {
    const disks = await abortable(ask(), AbortSignal.any([signal, inTime]));
    const total = (figure: (disk: (typeof disks)[number]['stats']) => number): number =>
      disks.reduce((sum, { stats }) => sum + figure(stats), 0);
    return {
      diskTransferBytes: { read: total((disk) => disk.rd_bytes), written: total((disk) => disk.wr_bytes) },
      diskOperations: { reads: total((disk) => disk.rd_operations), writes: total((disk) => disk.wr_operations) },
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!inTime.aborted && !(error instanceof VolaryError)) throw error;
    return { diskTransferBytes: null, diskOperations: null };
  }
}

/** The kernel counts what it receives from the guest, which is what that sends. Nobody counts for a guest without an interface on the host. */
function networkOf({ argv }: LaunchRecord, pid: number): NetworkFigures {
  const name = tapNameOf(argv);
  const tap = name === null ? null : readDevice(pid, name);
  return {
    networkBytes: tap && { received: tap.sentBytes, sent: tap.receivedBytes },
    networkPackets: tap && { received: tap.sentPackets, sent: tap.receivedPackets },
  };
}
