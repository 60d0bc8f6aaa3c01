import type { EventType, NewEvent } from '../../domain/events.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { WorkloadStatus } from '../../domain/workload/workload.ts';
import type { GuestRuns } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { vmEvent } from '../operations/events.ts';
import { statusOfRuns } from './workload-status.ts';

/** Writes how workloads are into their VMs' rows, one change after the other. */
export interface StatusWriter {
  /** Resolves when it is written, unless the execution is not the VM's workload any more. */
  note(execution: Execution, change: (vm: Vm, before: WorkloadStatus) => WorkloadStatus): Promise<void>;
  noteRuns(execution: Execution, runs: GuestRuns): Promise<void>;
  /** As if there had been none. */
  clear(vm: Vm): Promise<void>;
}

export function createStatusWriter({
  store,
  bus,
  clock,
  log,
}: Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'log'>): StatusWriter {
  const writing = new Map<Vm['id'], Promise<void>>();

  /** In the order of calls: what is older never comes after what is newer. */
  async function inOrder(vmId: Vm['id'], write: () => Promise<void>): Promise<void> {
    const before = writing.get(vmId) ?? Promise.resolve();
    const mine = before.then(write, write);
    writing.set(vmId, mine);
    try {
      await mine;
    } finally {
      if (writing.get(vmId) === mine) writing.delete(vmId);
    }
  }

  async function write(
    vmId: Vm['id'],
    change: (vm: Vm) => WorkloadStatus | null | undefined,
    executionId: string,
  ): Promise<void> {
    const now = clock.now();
    const isChanged = await store.transaction(async (tables) => {
      const vm = await tables.vms.get(vmId);
      const status = vm === null ? undefined : change(vm);
      if (vm === null || status === undefined || isSame(status, vm.workloadStatus)) return false;
      const next: Vm = { ...vm, workloadStatus: status, revision: vm.revision + 1, updatedAt: now };
      await tables.vms.update(next);
      await tables.events.append(eventsOf(vm.workloadStatus, next, executionId, now));
      return true;
    });
    if (!isChanged) return;
    bus.publish('events', '');
    bus.publish('vm', vmId);
  }

  async function note(
    { id, vmId }: Execution,
    change: (vm: Vm, before: WorkloadStatus) => WorkloadStatus,
  ): Promise<void> {
    await inOrder(vmId, () =>
      write(vmId, (vm) => (vm.workloadStatus?.executionId === id ? change(vm, vm.workloadStatus) : undefined), id),
    );
  }

  return {
    note,
    async noteRuns(execution, runs) {
      try {
        await note(execution, (_vm, before) => statusOfRuns(before, runs));
      } catch (error) {
        // The next change, or the end, is written again.
        log.warn('how a workload is could not be written', { vmId: execution.vmId, error });
      }
    },
    async clear({ id }) {
      await inOrder(id, () => write(id, () => null, ''));
    },
  };
}

/** A run that has ended, and one that has begun: of several between two reports the last is told. */
function eventsOf(before: WorkloadStatus | null, vm: Vm, executionId: string, at: number): readonly NewEvent[] {
  const { workloadStatus: status } = vm;
  if (status === null) return [];
  const event = (type: EventType, data: JsonObject): NewEvent =>
    vmEvent(type, vm, null, at, { execution_id: executionId, runs: status.runs, ...data });
  const hasExited = status.lastExitAt !== null && status.lastExitAt !== before?.lastExitAt;
  const isOver = status.state !== before?.state && ['completed', 'failed', 'lost'].includes(status.state);
  const hasStarted = status.runs > (before?.runs ?? 0);
  const { state, lastExitCode: exit_code, lastSignal: signal, message } = status;
  return [
    ...(hasStarted && isOver ? [event('workload.started', {})] : []),
    ...(hasExited || isOver ? [event('workload.exited', { state, exit_code, signal, message })] : []),
    ...(hasStarted && !isOver ? [event('workload.started', {})] : []),
  ];
}

function isSame(a: WorkloadStatus | null, b: WorkloadStatus | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
