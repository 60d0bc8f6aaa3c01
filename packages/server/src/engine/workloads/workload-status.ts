import type { Execution } from '../../domain/execution/execution.ts';
import { signalName } from '../../domain/execution/signals.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { WorkloadStatus } from '../../domain/workload/workload.ts';
import type { GuestRuns } from '../../ports/guest-link.ts';

/** Before its guest has answered. */
export function startingStatus({ id, incarnation }: Execution): WorkloadStatus {
  return {
    executionId: id,
    incarnation,
    state: 'starting',
    runs: 0,
    lastExitCode: null,
    lastSignal: null,
    lastExitAt: null,
    message: null,
  };
}

/** Whether nothing more comes of it in that life of its VM. */
export function isOver({ state, incarnation }: WorkloadStatus, ofIncarnation: number): boolean {
  return incarnation === ofIncarnation && (state === 'completed' || state === 'failed');
}

/** As its guest tells; that it has ended is told by its execution. */
export function statusOfRuns(before: WorkloadStatus, runs: GuestRuns): WorkloadStatus {
  if (runs.state === 'ended') return { ...before, runs: runs.runs };
  return {
    ...before,
    state: runs.state,
    runs: runs.runs,
    lastExitCode: runs.lastExitCode,
    lastSignal: runs.lastSignal === null ? null : signalName(runs.lastSignal),
    lastExitAt: runs.lastExitAtMs,
  };
}

/** As its execution ended. What ended with its machine has not failed. */
export function statusOfEnd(vm: Vm, known: WorkloadStatus, ended: Execution): WorkloadStatus {
  const hasExited = ended.state === 'exited';
  const exit = { lastExitCode: ended.exitCode, lastSignal: ended.signal, lastExitAt: ended.completedAt };
  const before = hasExited ? { ...known, ...exit } : known;
  if (ended.state === 'failed') return { ...before, state: 'failed', message: ended.error };
  const isMachineEnding = vm.desired.power !== 'running' || vm.desired.incarnation !== ended.incarnation;
  if (ended.state === 'lost') return { ...before, state: 'lost', message: ended.error };
  if (isMachineEnding && ended.exitCode !== 0) return { ...before, state: 'lost' };
  return { ...before, state: ended.exitCode === 0 ? 'completed' : 'failed' };
}
