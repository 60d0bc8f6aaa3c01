import { rm } from 'node:fs/promises';
import type { VmId } from '../../../domain/ids.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { noteSpareEnded } from './disk-origin.ts';
import { newerMachine } from './errors.ts';
import { type LaunchRecord, readRecord, removeRecord } from './launch-record.ts';
import type { Machines } from './machines.ts';
import type { VmMonitor } from './vm-monitor.ts';
import { findVmm, killVmm, traitsOf, waitForEnd } from './vmm-process.ts';

/** For the last of the console; a VMM that does not answer loses it. */
const DRAIN_MS = 500;
/** A VMM that was asked to quit flushes its disk and goes. */
const QUIT_MS = 3_000;
const KILL_MS = 10_000;

/**
 * Ends the machine and clears what was kept for its life; the record goes last, so that an interrupted call is found
 * and repeated. A VMM without a record that could be read is found and ended as well. The caller holds the VM's lock.
 * Throws `unavailable` driver.end_failed, `failed_precondition` driver.newer_version.
 */
export async function endMachine(machines: Machines, vmId: VmId, options: Abortable): Promise<void> {
  const directory = machines.directory(vmId);
  const stored = await readRecord(directory.recordPath);
  if (stored.kind === 'newer') throw newerMachine();
  if (stored.kind === 'valid') await endVmm(machines, vmId, stored.record, options);
  else await endLostVmm(machines, vmId, options);
  if (stored.kind === 'valid' && stored.record.isSpare === true) await noteSpareEnded(directory);
  await clearLife(machines, vmId);
  if (stored.kind !== 'none') machines.hint(vmId);
}

/** Removes what was kept for a life whose VMM is dead; the record last. */
export async function clearLife(machines: Machines, vmId: VmId): Promise<void> {
  const directory = machines.directory(vmId);
  await machines.release(vmId);
  for (const path of [
    directory.controlSocketPath,
    directory.rescueSocketPath,
    directory.agentSocketPath,
    directory.systemAgentSocketPath,
    directory.stderrPath,
  ]) {
    await rm(path, { force: true });
  }
  await removeRecord(directory.recordPath);
}

/** Ends the VMM that lives in the VM's run directory, whatever has become of its record; it is not asked, being unknown. */
export async function endLostVmm(machines: Machines, vmId: VmId, { signal }: Abortable): Promise<void> {
  await killVmm(traitsOf(vmId), machines.directory(vmId), { timeoutMs: KILL_MS, signal });
}

/** Ends the VMM of this record, if it lives; what was kept for its life stays. The caller holds the VM's lock. Throws `unavailable` driver.end_failed. */
export async function endVmm(
  machines: Machines,
  vmId: VmId,
  record: LaunchRecord,
  { signal }: Abortable,
): Promise<void> {
  const directory = machines.directory(vmId);
  if (findVmm(record, directory) === null) return;
  if (await askToQuit(machines.monitor(vmId, record))) {
    if (await waitForEnd(record, directory, { timeoutMs: QUIT_MS, signal })) return;
  }
  await killVmm(record, directory, { timeoutMs: KILL_MS, signal });
}

/** False when it does not listen; being refused an answer is the usual sign that it goes at once. */
async function askToQuit(monitor: VmMonitor): Promise<boolean> {
  try {
    const client = await monitor.client();
    await within(DRAIN_MS, monitor.drainConsole());
    await within(DRAIN_MS, client.execute('quit', null));
    return true;
  } catch {
    // Whatever the reason, its end does not depend on its consent.
    return false;
  }
}

/** Waits for it no longer than this; it goes on without us. */
async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  await Promise.race([
    work.then(
      () => undefined,
      () => undefined,
    ),
    promise,
  ]);
  clearTimeout(timer);
}
