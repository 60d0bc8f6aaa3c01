/**
 * What becomes of a VM whose operation is cancelled. Pure, like the planner, which then carries it out.
 *
 * What the operation was about to make is unmade by an operation of its own: a VM that was being created is deleted, a life that
 * was being started is ended. Else the VM stays as it is seen to be, and that is what is wanted from now on. What is
 * seen may be a moment old: a deed that was under way meanwhile is just something that the next look finds otherwise.
 */
import type { Operation } from '../../domain/operation/operation.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { VmObservation } from '../../ports/driver.ts';
import type { VmStep } from './plan-vm.ts';

export type CancelPlan =
  | { readonly kind: 'undo'; readonly by: 'vm.delete' | 'vm.stop' }
  | { readonly kind: 'settle'; readonly phase: 'running' | 'paused' | 'suspended' | 'stopped' }
  /** There is neither a machine nor a disk to start one from: it has failed, until somebody starts or deletes it. */
  | { readonly kind: 'fail' }
  | { readonly kind: 'refuse'; readonly message: string };

export interface CancelInput {
  readonly vm: Vm;
  readonly operation: Operation;
  readonly observation: VmObservation;
}

export function planCancel(input: CancelInput): CancelPlan {
  const { kind } = input.operation;
  switch (kind) {
    case 'vm.create':
      return { kind: 'undo', by: 'vm.delete' };
    case 'vm.delete':
      return { kind: 'refuse', message: 'A deletion cannot be taken back.' };
    case 'vm.start':
    case 'vm.restart':
    case 'vm.restore':
      return planStart(input);
    case 'vm.stop':
      return planStop(input);
    // What it has been given by then it keeps.
    case 'vm.update':
    case 'vm.pause':
      return { kind: 'settle', phase: presentPower(input) ?? 'running' };
    case 'vm.suspend':
      return { kind: 'settle', phase: presentPower(input) ?? 'running' };
    case 'vm.resume':
      return { kind: 'settle', phase: presentPower(input) ?? 'paused' };
    case 'image.build':
    case 'tool.build':
    case 'image.define':
    case 'snapshot.create':
    case 'snapshot.delete':
    case 'vm.fork':
    case 'system.prune':
    case 'vm.batch':
    case 'warm_template.build':
    case 'template.install':
    case 'volume.create':
    case 'volume.delete':
      return { kind: 'refuse', message: 'This operation changes no VM.' };
    default:
      return kind satisfies never;
  }
}

function planStart(input: CancelInput): CancelPlan {
  const { operation, observation } = input;
  const isLifeOver = hasBegun(operation, 'end-machine');
  const power = presentPower(input);
  if (power !== null && !isLifeOver) return { kind: 'settle', phase: power };
  const isUntouched = observation.machine.kind === 'absent' && !hasBegun(operation, 'start-machine') && !isLifeOver;
  return isUntouched ? rest(input) : { kind: 'undo', by: 'vm.stop' };
}

function planStop(input: CancelInput): CancelPlan {
  const { machine } = input.observation;
  if (hasBegun(input.operation, 'end-machine'))
    return { kind: 'refuse', message: 'Its machine is being ended already.' };
  const power = presentPower(input);
  if (power !== null) return { kind: 'settle', phase: power };
  if (machine.kind === 'absent' || machine.kind === 'ended') return rest(input);
  if (machine.kind === 'unresponsive' && input.vm.startedAt !== null) return { kind: 'settle', phase: 'running' };
  return { kind: 'refuse', message: 'Its machine has not come up, so that there is nothing it could go on as.' };
}

/** What the machine of the last life does, if its guest has come up in it; null where there is none, or it does not say. */
function presentPower({ vm, observation: { machine } }: CancelInput): 'running' | 'paused' | 'suspended' | null {
  // Whatever is wrong with what it was suspended to, its memory is not given up by a cancellation.
  if (machine.kind === 'unreadable') return vm.startedAt === null ? null : 'suspended';
  if (machine.kind !== 'running' && machine.kind !== 'paused' && machine.kind !== 'suspended') return null;
  return machine.incarnation === vm.incarnation && vm.startedAt !== null ? machine.kind : null;
}

function rest({ vm, observation }: CancelInput): CancelPlan {
  const wasMade = observation.disk.kind === 'present' || vm.imageDigest !== null;
  return wasMade ? { kind: 'settle', phase: 'stopped' } : { kind: 'fail' };
}

function hasBegun({ steps }: Operation, step: VmStep): boolean {
  return steps.some(({ name }) => name === step);
}
