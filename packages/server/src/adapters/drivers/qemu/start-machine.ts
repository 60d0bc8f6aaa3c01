import type { DriverHandle } from '../../../domain/vm/vm.ts';
import type { MachineSpec, RestoredSpec } from '../../../ports/driver.ts';
import { noteDiskInUse } from './disk-origin.ts';
import { clearLife } from './end-machine.ts';
import { isEndFailed, machinePresent } from './errors.ts';
import { goOn, goOnIfHeld, restoreOf } from './go-on.ts';
import { handleOf, inspectVm } from './inspect.ts';
import { launchVmm } from './launch.ts';
import { type LaunchRecord, readRecord } from './launch-record.ts';
import { makeLinkKey } from './link-key.ts';
import { findDiskBase, type PreparedLaunch, prepareLaunch } from './prepare-launch.ts';
import { readyDirectory } from './ready-directory.ts';
import { lengthenDisk } from './resize-machine.ts';
import { prepareRestoredDisks, putRestoredDisks, removePreparedDisks } from './saved/restored-disk.ts';
import { type SavedMachine, savedIdOf } from './saved/saved-machine.ts';
import type { StartContext, StartSpec } from './start-context.ts';

/** Starts the machine unless it is there; the caller holds the VM's lock. Throws as `Driver.startMachine` says. */
export async function startMachine(machine: StartSpec, context: StartContext): Promise<DriverHandle> {
  const { vmId, spec, from } = machine;
  const { machines, openSaved, signal } = context;
  const present = await findPresent(machine, context);
  if (present !== null) return present;

  const directory = machines.directory(vmId);
  const base = await findDiskBase(directory, context);
  const saved = from === undefined ? null : await openSaved(from);
  const prepared = await prepareLaunch(machine, { ...base, saved }, context);
  if (saved !== null && from !== undefined)
    await putRestoredDisks(directory, { id: savedIdOf(from), saved, identity: prepared.identity, signal });
  else await noteDiskInUse(directory);
  await removePreparedDisks(directory);
  await readyDirectory(machine, prepared, context);
  await makeLinkKey(directory);
  const record = await launch(machine, prepared, context, async (launched) => {
    if (saved !== null) return await goOn(machine, launched, context);
    await lengthenDisk(await machines.monitor(vmId, launched).client(), spec.diskGib);
    return launched;
  });
  return handleOf(record);
}

/**
 * Starts a VMM for a machine that goes on as what it was, from its own disk, and returns once that answers; it is
 * halted. Its guest is not told who it is, since it knows. Throws as `Driver.startMachine` says, and leaves nothing
 * then.
 */
export async function launchRestored(
  machine: MachineSpec,
  saved: SavedMachine,
  context: StartContext,
): Promise<LaunchRecord> {
  const directory = context.machines.directory(machine.vmId);
  const base = await findDiskBase(directory, context);
  const prepared = await prepareLaunch(machine, { ...base, saved }, context);
  await noteDiskInUse(directory);
  await readyDirectory(machine, prepared, context);
  const restore = { ...restoreOf(machine), isIdentified: true };
  return await launch(machine, { ...prepared, record: { ...prepared.record, restore } }, context);
}

/** Has ready what the machine takes up; the caller holds the VM's lock. Throws as `Driver.prepareRestore` says. */
export async function prepareRestore(machine: RestoredSpec, context: StartContext): Promise<void> {
  const { machines, openSaved, signal } = context;
  const { from } = machine;
  const directory = machines.directory(machine.vmId);
  const base = await findDiskBase(directory, context);
  const saved = await openSaved(from);
  await prepareLaunch(machine, { ...base, saved }, context);
  await prepareRestoredDisks(directory, { id: from.id, saved, signal });
}

async function findPresent(machine: StartSpec, context: StartContext): Promise<DriverHandle | null> {
  const { machines, signal } = context;
  const { machine: present } = await inspectVm(machines, machine.vmId, { signal });
  if (present.kind === 'absent') return null;
  if ('handle' in present && present.incarnation === machine.incarnation) {
    const stored = await readRecord(machines.directory(machine.vmId).recordPath);
    if (stored.kind === 'valid') await goOnIfHeld(machine, stored.record, context);
    return present.handle;
  }
  const { kind: state, incarnation } = { incarnation: null, ...present };
  throw machinePresent({ state, incarnation, wanted: machine.incarnation });
}

/**
 * Starts the VMM and, once it answers, does what the machine begins with; where either fails it leaves nothing of the
 * life.
 */
async function launch(
  { vmId, network }: MachineSpec,
  { record, identity, files }: PreparedLaunch,
  { machines, faultPoint, signal }: StartContext,
  begin: (launched: LaunchRecord) => Promise<LaunchRecord> = async (launched) => launched,
): Promise<LaunchRecord> {
  try {
    const monitor = machines.monitor(vmId, record);
    const launched = await launchVmm(
      {
        directory: machines.directory(vmId),
        record,
        identity,
        files,
        namespacePath: network?.namespacePath ?? null,
        diesWithUs: false,
        onExit: () => machines.hint(vmId),
        faultPoint,
      },
      () => monitor.isReachable(),
      signal,
    );
    return await begin(launched);
  } catch (error) {
    // What still lives has to be found again.
    if (!isEndFailed(error)) await clearLife(machines, vmId);
    throw error;
  }
}
