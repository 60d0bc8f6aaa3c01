import type { ErrorCode } from '../errors.ts';
import type { OperationId, SnapshotId, VmId, VolumeId } from '../ids.ts';
import type { Json, JsonObject } from '../json.ts';
import type { EpochMs } from '../time.ts';
import type { PlannedSpan } from '../trace.ts';

/**
 * A durable, multi-step change to a stored resource.
 *
 *   pending --> running --> succeeded | failed | cancelled
 *      +----------------------> cancelled
 *
 * pending    accepted, stored with what it changes; nobody has begun
 * running    its plan is being carried out
 * succeeded  what was wanted has been observed; final
 * failed     given up, `error` says why; final
 * cancelled  a newer request on the same resource took its place, or somebody cancelled it: `error` says which; final
 */
export const OPERATION_TRANSITIONS = {
  pending: ['running', 'succeeded', 'failed', 'cancelled'],
  running: ['succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<string, readonly string[]>;

export type OperationState = keyof typeof OPERATION_TRANSITIONS;
export const OPERATION_STATES = [
  'pending',
  'running',
  'succeeded',
  'failed',
  'cancelled',
] as const satisfies readonly OperationState[];

export const OPERATION_KINDS = [
  'vm.create',
  'vm.update',
  'vm.start',
  'vm.stop',
  'vm.restart',
  'vm.pause',
  'vm.suspend',
  'vm.resume',
  'vm.delete',
  'image.build',
  'image.define',
  'snapshot.create',
  'snapshot.delete',
  'vm.fork',
  'vm.restore',
  'vm.batch',
  'system.prune',
  'warm_template.build',
  'template.install',
  'tool.build',
  'volume.create',
  'volume.delete',
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** What the operation changes. */
export type OperationSubject =
  | { readonly kind: 'vm'; readonly id: VmId; readonly name: string }
  | { readonly kind: 'image'; readonly name: string }
  /** `name`: `name@version`. */
  | { readonly kind: 'tool'; readonly name: string }
  /** `name`: its id, if it has none. Of a fork: what its VMs begin from. */
  | { readonly kind: 'snapshot'; readonly id: SnapshotId; readonly name: string }
  | { readonly kind: 'volume'; readonly id: VolumeId; readonly name: string }
  /** `name`: of which image and size it is. */
  | { readonly kind: 'warm_template'; readonly name: string }
  /** `name`: `name@version`. */
  | { readonly kind: 'template'; readonly name: string }
  /** `name`: how many VMs. */
  | { readonly kind: 'batch'; readonly name: string }
  /** What is kept on the host, whatever it belongs to. */
  | { readonly kind: 'system'; readonly name: string };

export interface OperationError {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly message: string;
  readonly details: JsonObject;
}

/** One step as it was carried out; the same name may stand several times after retries. */
export interface OperationStep {
  readonly name: string;
  readonly state: 'running' | 'succeeded' | 'failed';
  readonly attempt: number;
  readonly startedAt: EpochMs;
  readonly completedAt: EpochMs | null;
  readonly message: string | null;
}

export interface OperationProgress {
  /** Of the present step: 0 to 1; null when nobody can tell. */
  readonly fraction: number | null;
  readonly message: string;
}

export interface Operation {
  readonly id: OperationId;
  readonly kind: OperationKind;
  readonly subject: OperationSubject;
  /** The subject's generation that this operation wants to reach (0 for images, snapshots, warm templates and the system). */
  readonly generation: number;
  readonly state: OperationState;
  readonly steps: readonly OperationStep[];
  readonly progress: OperationProgress | null;
  readonly result: Json;
  readonly error: OperationError | null;
  readonly principal: string;
  /** Name of the user whose resource it changes; of an image or the system: who asked. */
  readonly owner: string;
  readonly createdAt: EpochMs;
  readonly startedAt: EpochMs | null;
  readonly completedAt: EpochMs | null;
  /**
   * When the planner is expected to give up. What it goes by is the time that has passed since it took up the operation, so
   * that neither a clock that jumps nor a server that was away uses it up.
   */
  readonly deadlineAt: EpochMs;
  /** What its steps are part of where traces are wanted, by whichever server they are done; null: nobody did when it was accepted. */
  readonly trace: PlannedSpan | null;
  readonly revision: number;
}

export function isFinal(state: OperationState): boolean {
  return OPERATION_TRANSITIONS[state].length === 0;
}
