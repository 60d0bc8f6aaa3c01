/**
 * The planner: from what is wanted and what is observed to the one next step. Pure, and total: whatever is observed
 * has an answer, so a crash anywhere is just a later observation.
 *
 * Three figures carry the idea of a *life*: `desired.incarnation` is the life that is wanted, `vm.incarnation` the last one that
 * was started, `machine.incarnation` the one that is there. A machine of an earlier life than the wanted one is
 * in the way; a wanted life that was started and is not there any more has ended by itself.
 *
 * A row with a handle knows its machine; one without, of a life whose guest has answered, is that of a suspended one. Where the two
 * differ, a server died over suspending or waking it, and that is repeated.
 */
import type { OperationKind } from '../../domain/operation/operation.ts';
import type { SnapshotState } from '../../domain/snapshot/snapshot.ts';
import { growTowards, isSameSize, sizeOfSpec } from '../../domain/vm/machine-shape.ts';
import type { SettledPhase, TransientPhase, VmPhase } from '../../domain/vm/phase.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { MachineEnd, VmObservation } from '../../ports/driver.ts';
import { lacksTools } from '../tools/vm-tools.ts';

export const VM_STEPS = [
  'ensure-image',
  'create-disk',
  'prepare-restore',
  'start-machine',
  'await-guest',
  'ensure-tools',
  'attach-tools',
  'pause-machine',
  'resume-machine',
  'resize-machine',
  'suspend-machine',
  'wake-machine',
  'shut-down-guest',
  'end-machine',
  'delete-disk',
] as const;
export type VmStep = (typeof VM_STEPS)[number];

export type Plan =
  /** Do this, being in this phase. */
  | { readonly kind: 'step'; readonly step: VmStep; readonly phase: VmPhase }
  /** What is wanted is so. */
  | { readonly kind: 'settled'; readonly phase: Exclude<SettledPhase, 'failed'> }
  /** Nothing is left of it. */
  | { readonly kind: 'gone' }
  /** Given up before, and nothing half-made is left. */
  | { readonly kind: 'failed' }
  /** The wanted life is over, and nobody asked for that. */
  | { readonly kind: 'life-ended'; readonly end: MachineEnd }
  /** It cannot go on: there is nothing to retry. */
  | {
      readonly kind: 'impossible';
      readonly reason: 'vm.disk_lost' | 'snapshot.lost' | 'snapshot.not_made';
      readonly message: string;
    }
  /** The snapshot that it begins from is still being made; whoever makes it gives a hint when it is over. */
  | { readonly kind: 'await-snapshot' }
  /** The restart policy has the next life begin now. */
  | { readonly kind: 'restart-due' }
  /** The restart policy has the next life begin after this long, milliseconds; until then there is nothing to do. */
  | { readonly kind: 'restart-later'; readonly delayMs: number }
  /** Its VMM does not answer; looking again is all that can be done without doing harm. */
  | { readonly kind: 'unresponsive'; readonly detail: string }
  /** What it may have been suspended to cannot be read: it is kept, and looked at again. */
  | { readonly kind: 'unreadable'; readonly detail: string };

/** Where there is to be a machine, or what one can be woken from. */
type AlivePower = 'running' | 'paused' | 'suspended';

export interface PlanInput {
  readonly vm: Vm;
  readonly observation: VmObservation;
  /** Whether the image is on this host that the disk is to be made from; a disk that is there needs it no more. */
  readonly isImageReady: boolean;
  /** Whether the packs of all its tools are kept by it, or on this host. */
  readonly areToolsReady: boolean;
  /** Whether its disk is made together with its tools, which are then its own for good. */
  readonly areToolsFixed: boolean;
  /** Of the snapshot that the wanted life is to begin from, where it has not begun; null where that boots. */
  readonly originState: SnapshotState | 'gone' | null;
  /** How long until the restart that the policy has asked for; null where it has not. Milliseconds. */
  readonly restartInMs: number | null;
  /** Kind of the operation under way. */
  readonly operation: OperationKind | null;
  /** Steps that this operation has already carried out, successful or not. */
  readonly tried: ReadonlySet<VmStep>;
}

/** The next step towards what is wanted. */
export function planVm(input: PlanInput): Plan {
  const { vm } = input;
  if (vm.desired.power === 'absent') return planRemoval(input);
  if (input.restartInMs !== null) return planRestart(input, input.restartInMs);
  if (vm.status.phase === 'failed' && vm.status.failure.generation === vm.generation) return planCleaning(input);
  if (vm.desired.power === 'stopped') return planStopped(input);
  return planAlive(input, vm.desired.power);
}

/** A guest is asked first where there is time for it, once; whatever comes of that, its machine ends next. */
function planRemoval(input: PlanInput): Plan {
  const { observation } = input;
  if (observation.machine.kind !== 'absent') return planMachineEnd(input, 'deleting');
  if (observation.disk.kind !== 'absent') return step('delete-disk', 'deleting');
  return { kind: 'gone' };
}

/** What a machine was suspended to is nothing half-made: only whoever is asked to gives it up. */
function planCleaning({ observation: { machine } }: PlanInput): Plan {
  const isKept = machine.kind === 'suspended' || machine.kind === 'unreadable';
  return machine.kind === 'absent' || isKept ? { kind: 'failed' } : step('end-machine', 'failed');
}

/** Until it is due, the VM stays in the phase that its end has brought it to, with nothing left of the ended machine. */
function planRestart({ vm, observation }: PlanInput, delayMs: number): Plan {
  const { machine } = observation;
  if (machine.kind === 'unreadable') return { kind: 'unreadable', detail: machine.detail };
  if (machine.kind !== 'absent') return step('end-machine', vm.status.phase);
  return delayMs > 0 ? { kind: 'restart-later', delayMs } : { kind: 'restart-due' };
}

function planStopped(input: PlanInput): Plan {
  const { observation } = input;
  if (observation.machine.kind !== 'absent') return planMachineEnd(input, 'stopping');
  return planDisk(input) ?? { kind: 'settled', phase: 'stopped' };
}

function planAlive(input: PlanInput, power: AlivePower): Plan {
  const { vm, observation } = input;
  const { machine } = observation;
  if (machine.kind === 'absent') return planBirth(input);
  if (machine.kind === 'unreadable') return planUnreadable(input, machine.detail, power);
  // Of an earlier life; or of a later one than anybody has asked for, as after an older database was brought back.
  if (machine.incarnation !== vm.desired.incarnation) {
    // It goes on until all is there that its next life needs.
    if (isToPrepare(input)) return step('prepare-restore', 'restarting');
    return planMachineEnd(input, startingPhase(input));
  }
  switch (machine.kind) {
    case 'ended':
      // What has ended before its start was completed never was a life: a server died over it, and its start is repeated.
      if (vm.incarnation < machine.incarnation) return step('end-machine', startingPhase(input));
      return { kind: 'life-ended', end: machine.end };
    case 'unresponsive':
      // A spare that hangs: nobody has been in it, and its VM begins as others do.
      if (vm.incarnation === 0 && !input.tried.has('start-machine')) return step('end-machine', startingPhase(input));
      return { kind: 'unresponsive', detail: machine.detail };
    case 'suspended':
      return planSuspended(input, machine, power);
    case 'running':
    case 'paused':
      if (vm.incarnation < machine.incarnation) return step('start-machine', startingPhase(input));
      if (isHalfAwake(input) && power !== 'suspended') return step('wake-machine', 'resuming');
      return machine.kind === 'running' ? planRunning(input, power) : planPaused(input, power);
    default:
      return machine satisfies never;
  }
}

function planRunning(input: PlanInput, power: AlivePower): Plan {
  if (input.vm.startedAt === null) return step('await-guest', startingPhase(input));
  if (power === 'suspended') return step('suspend-machine', 'suspending');
  if (power === 'paused') return step('pause-machine', 'pausing');
  if (isToGrow(input)) return step('resize-machine', growingPhase(input));
  return planTools(input) ?? { kind: 'settled', phase: 'running' };
}

/**
 * Whoever changes a VM has its machine given what it can be given, once: what that comes to is the operation's matter. Whatever else has it
 * running takes along what was changed meanwhile.
 */
function isToGrow({ vm, observation: { machine }, operation, tried }: PlanInput): boolean {
  if (operation === null || tried.has('resize-machine') || !('shape' in machine) || machine.shape === undefined)
    return false;
  return operation === 'vm.update' || !isSameSize(growTowards(machine.shape, sizeOfSpec(vm.spec)), machine.shape);
}

function growingPhase({ vm, operation }: PlanInput): VmPhase {
  return operation === 'vm.update' ? 'updating' : vm.status.phase;
}

/** A guest that has not answered yet is set going before it may be halted. */
function planPaused(input: PlanInput, power: AlivePower): Plan {
  if (input.vm.startedAt === null) return step('resume-machine', startingPhase(input));
  if (power === 'suspended') return step('suspend-machine', 'suspending');
  return power === 'paused' ? { kind: 'settled', phase: 'paused' } : step('resume-machine', 'resuming');
}

/** A machine that was suspended while nobody knows that its guest has answered, as after an older database was brought back, wakes first. */
function planSuspended(
  { vm }: PlanInput,
  { hasRemains = false }: { readonly hasRemains?: boolean },
  power: AlivePower,
): Plan {
  if (power !== 'suspended' || vm.startedAt === null) return step('wake-machine', 'resuming');
  return vm.handle === null && !hasRemains
    ? { kind: 'settled', phase: 'suspended' }
    : step('suspend-machine', 'suspending');
}

/**
 * What it may have been suspended to cannot be read. A next life is what somebody has asked for, knowing that this one is given up. Else it
 * stays: whoever wants it awake is told what is wrong, and it is looked at again later, since that may pass.
 */
function planUnreadable(input: PlanInput, detail: string, power: AlivePower): Plan {
  const { vm } = input;
  if (vm.incarnation !== vm.desired.incarnation) {
    if (isToPrepare(input)) return step('prepare-restore', 'restarting');
    return planMachineEnd(input, startingPhase(input));
  }
  return power === 'suspended' ? { kind: 'unreadable', detail } : step('wake-machine', 'resuming');
}

/** It is there, and was suspended as far as its row knows. */
function isHalfAwake({ vm, observation: { machine } }: PlanInput): boolean {
  const isThere = machine.kind === 'running' || machine.kind === 'paused';
  return isThere && vm.startedAt !== null && vm.handle === null;
}

function planBirth(input: PlanInput): Plan {
  const { vm } = input;
  const disk = planDisk(input);
  if (disk !== null) return disk;
  if (isToPrepare(input)) return step('prepare-restore', 'restarting');
  const origin = planOrigin(input);
  if (origin !== null) return origin;
  if (vm.incarnation === vm.desired.incarnation) {
    return {
      kind: 'life-ended',
      end: { cause: 'vmm-died', detail: 'The machine is gone without a trace; the host may have been restarted.' },
    };
  }
  const isReady = input.areToolsReady || input.areToolsFixed;
  return step(isReady ? 'start-machine' : 'ensure-tools', startingPhase(input));
}

/** The step that gives a machine which runs the tools that it lacks; null when it lacks none. */
function planTools(input: PlanInput): Plan | null {
  const {
    vm,
    observation: { machine },
    areToolsReady,
    areToolsFixed,
  } = input;
  if (areToolsFixed || machine.kind !== 'running' || !lacksTools(vm, machine.packs)) return null;
  const isBorn = vm.status.phase === 'running' || vm.status.phase === 'updating';
  return step(areToolsReady ? 'attach-tools' : 'ensure-tools', isBorn ? 'updating' : startingPhase(input));
}

/**
 * Null when the disk is there and known to the row. A disk is made once: when one that was made is not there, making an
 * empty one would hide the loss; and one that is there is asked what it was made from, where that was not written down.
 */
function planDisk(input: PlanInput): Plan | null {
  const {
    vm,
    observation: { disk },
    isImageReady,
    originState,
  } = input;
  if (disk.kind === 'present') {
    const isKnown = disk.imageDigest === null || disk.imageDigest === vm.imageDigest;
    return isKnown ? null : step('create-disk', 'provisioning');
  }
  if (vm.imageDigest !== null) {
    return { kind: 'impossible', reason: 'vm.disk_lost', message: 'The disk of this VM is gone from the host.' };
  }
  // What was saved knows its image.
  if (originState !== null) return planOrigin(input) ?? step('create-disk', 'provisioning');
  if (!isImageReady) return step('ensure-image', 'provisioning');
  return step(input.areToolsFixed && !input.areToolsReady ? 'ensure-tools' : 'create-disk', 'provisioning');
}

/** A restore whose copy of the saved disk is still to be made. A snapshot that is gone meanwhile is told by that step. */
function isToPrepare({ vm, originState }: PlanInput): boolean {
  return originState !== null && vm.origin?.disk === 'awaited';
}

/** Null when the wanted life boots, or what it begins from is there. */
function planOrigin({ originState }: PlanInput): Plan | null {
  switch (originState) {
    case null:
    case 'ready':
      return null;
    case 'creating':
      return { kind: 'await-snapshot' };
    case 'failed':
      return {
        kind: 'impossible',
        reason: 'snapshot.not_made',
        message: 'The VM that this one was to go on from could not be saved; its operation says why. Delete this one.',
      };
    case 'deleting':
    case 'gone':
      return {
        kind: 'impossible',
        reason: 'snapshot.lost',
        message: 'The snapshot that this VM was to begin from is gone. Delete the VM.',
      };
    default:
      return originState satisfies never;
  }
}

/** Asks the guest first where there is time for it; a halted guest has to be set going to hear it, a suspended one woken. */
function planMachineEnd(input: PlanInput, phase: TransientPhase): Plan {
  const { observation, tried } = input;
  const { machine } = observation;
  const mayAsk = mayAskGuest(input);
  const isAsleep = machine.kind === 'suspended' || machine.kind === 'unreadable' || isHalfAwake(input);
  if (mayAsk && isAsleep && !tried.has('wake-machine')) return step('wake-machine', phase);
  if (mayAsk && machine.kind === 'running') return step('shut-down-guest', phase);
  if (mayAsk && machine.kind === 'paused' && !tried.has('resume-machine')) return step('resume-machine', phase);
  return step('end-machine', phase);
}

function mayAskGuest({ vm, tried }: PlanInput): boolean {
  return vm.desired.graceMs > 0 && vm.startedAt !== null && !tried.has('shut-down-guest');
}

function startingPhase({ operation }: PlanInput): TransientPhase {
  return operation === 'vm.restart' || operation === 'vm.restore' ? 'restarting' : 'starting';
}

function step(name: VmStep, phase: VmPhase): Plan {
  return { kind: 'step', step: name, phase };
}
