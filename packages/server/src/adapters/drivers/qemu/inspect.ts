import { existsSync } from 'node:fs';
import { toVolaryError, VolaryError } from '../../../domain/errors.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { MachineShape } from '../../../domain/vm/machine-shape.ts';
import type { DriverHandle } from '../../../domain/vm/vm.ts';
import type { MachineState, VmObservation } from '../../../ports/driver.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { type ProcessFacts, readBootId } from '../../shared/process.ts';
import { NO_ATTACHMENTS } from './attachments/attachments.ts';
import { NEWER_MACHINE } from './errors.ts';
import { shapeOf } from './growth.ts';
import { inspectDisk } from './inspect-disk.ts';
import { type LaunchRecord, readRecord } from './launch-record.ts';
import { runStateOf } from './machine-end.ts';
import type { Machines } from './machines.ts';
import { readLastWords } from './stderr-log.ts';
import type { VmDirectory } from './vm-directory.ts';
import { findVmm, isOfEarlierBoot, traitsOf, waitForEnd } from './vmm-process.ts';

/** A dying process closes its sockets some moments before it is gone. */
const DYING_MS = 300;
/** What is damaged says so itself. */
const UNREADABLE_NOW =
  'What was saved of the suspended machine cannot be read now. It is kept, and the VM can be woken as soon as it can be read again.';

/** What is there of the VM now: its disk by its name, its machine by its record, its process, and what QEMU says. */
export async function inspectVm(machines: Machines, vmId: VmId, options: Abortable): Promise<VmObservation> {
  const directory = machines.directory(vmId);
  const [disk, stored] = await Promise.all([inspectDisk(directory), readRecord(directory.recordPath)]);
  switch (stored.kind) {
    case 'none':
      return {
        disk,
        machine: findLost(vmId, directory) ?? (await findSuspended(machines, vmId)) ?? { kind: 'absent' },
      };
    case 'damaged':
      return { disk, machine: findLost(vmId, directory) ?? (await findHalfSuspended(machines, vmId)) ?? damaged() };
    case 'newer':
      return { disk, machine: foreign(vmId, directory, stored.incarnation) };
    case 'valid':
      return { disk, machine: await inspectMachine(machines, vmId, stored.record, options) };
    default:
      return stored satisfies never;
  }
}

/**
 * A VMM of this VM whose record cannot be read: it can be ended and no more, since nobody knows which life it is. A VMM
 * has its control socket until it is ended, so that a VM without either costs no look at all processes.
 */
function findLost(vmId: VmId, directory: VmDirectory): MachineState | null {
  if (!existsSync(directory.controlSocketPath)) return null;
  const facts = findVmm(traitsOf(vmId), directory);
  if (facts === null) return null;
  const detail = 'The machine runs, but the record of it is lost.';
  return { kind: 'unresponsive', incarnation: 0, pid: facts.pid, detail };
}

/** One that was suspended, of which there is no VMM any more; what nobody can read is told as that, and not as absent. */
async function findSuspended(
  machines: Machines,
  vmId: VmId,
): Promise<Extract<MachineState, { kind: 'suspended' | 'unreadable' }> | null> {
  try {
    const incarnation = await machines.suspendedLife(vmId);
    return incarnation === null ? null : { kind: 'suspended', incarnation };
  } catch (error) {
    if (!(error instanceof VolaryError)) throw error;
    return { kind: 'unreadable', detail: error.code === 'data_loss' ? error.message : UNREADABLE_NOW };
  }
}

/** The same, with the record of a VMM that did not live to see it awake, or to clear what it leaves. */
async function findHalfSuspended(machines: Machines, vmId: VmId): Promise<MachineState | null> {
  const suspended = await findSuspended(machines, vmId);
  return suspended?.kind === 'suspended' ? { ...suspended, hasRemains: true } : suspended;
}

function foreign(vmId: VmId, directory: VmDirectory, incarnation: number): MachineState {
  const pid = findVmm(traitsOf(vmId), directory)?.pid ?? null;
  return { kind: 'unresponsive', incarnation, pid, detail: NEWER_MACHINE };
}

function damaged(): MachineState {
  const end = { cause: 'vmm-died', detail: 'The record of the machine is damaged.' } as const;
  return { kind: 'ended', incarnation: 0, end };
}

/** The handle of a machine whose process is known. */
export function handleOf(record: LaunchRecord): DriverHandle {
  const { vmId, uuid, incarnation, machineType, qemuVersion, accelerator } = record;
  return {
    driver: 'qemu',
    version: 1,
    state: { vmId, uuid, incarnation, machineType, qemuVersion, accelerator, ...(record.process ?? {}) },
  };
}

async function inspectMachine(
  machines: Machines,
  vmId: VmId,
  record: LaunchRecord,
  options: Abortable,
): Promise<MachineState> {
  const directory = machines.directory(vmId);
  const facts = findVmm(record, directory);
  if (facts === null) return died(machines, vmId, record);
  try {
    return await askVmm(machines, vmId, record, facts);
  } catch (error) {
    if (await waitForEnd(record, directory, { timeoutMs: DYING_MS, ...options })) return died(machines, vmId, record);
    const { message } = toVolaryError(error);
    return { kind: 'unresponsive', incarnation: record.incarnation, pid: facts.pid, detail: message };
  }
}

async function askVmm(
  machines: Machines,
  vmId: VmId,
  record: LaunchRecord,
  facts: ProcessFacts,
): Promise<MachineState> {
  const { incarnation, attachments: { packs } = NO_ATTACHMENTS } = record;
  const monitor = machines.monitor(vmId, record);
  const client = await monitor.client();
  await machines.untilNotHalted(vmId);
  const { status } = await client.execute('query-status', null);
  const isOver = status === 'shutdown' || status === 'guest-panicked';
  const state = runStateOf(
    status,
    monitor.seenEnd ?? record.end,
    isOver ? await monitor.consoleTail(record.consoleOffset) : '',
  );
  switch (state.kind) {
    case 'running':
    case 'paused':
      return {
        kind: state.kind,
        incarnation,
        handle: handleOf({ ...record, process: identityOf(record, facts) }),
        pid: facts.pid,
        ...shapeField(record),
        ...(packs.length === 0 ? {} : { packs: packs.map(({ digest }) => digest) }),
      };
    case 'ended':
      return { kind: 'ended', incarnation, end: state.end };
    case 'other':
      return {
        kind: 'unresponsive',
        incarnation,
        pid: facts.pid,
        detail: `The machine is in QEMU's state "${state.status}".`,
      };
    default:
      return state satisfies never;
  }
}

async function died(machines: Machines, vmId: VmId, record: LaunchRecord): Promise<MachineState> {
  const { incarnation } = record;
  // A server died over suspending it, or over waking it.
  const suspended = await findHalfSuspended(machines, vmId);
  if (suspended !== null) return suspended;
  if (record.end !== null) return { kind: 'ended', incarnation, end: record.end };
  const words = await readLastWords(machines.directory(vmId).stderrPath);
  const fallback = isOfEarlierBoot(record) ? 'The host was restarted.' : 'The virtual machine monitor was killed.';
  return { kind: 'ended', incarnation, end: { cause: 'vmm-died', detail: words === '' ? fallback : words } };
}

function identityOf(record: LaunchRecord, facts: ProcessFacts): LaunchRecord['process'] {
  return record.process ?? { pid: facts.pid, startTimeTicks: facts.startTimeTicks, bootId: readBootId() };
}

function shapeField(record: LaunchRecord): { readonly shape?: MachineShape } {
  const shape = shapeOf(record);
  return shape === undefined ? {} : { shape };
}
