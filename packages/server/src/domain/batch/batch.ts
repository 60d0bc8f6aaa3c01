import { VolaryError } from '../errors.ts';
import type { OperationId, VmId } from '../ids.ts';
import type { Permission } from '../principal/permissions.ts';

/** What a batch can ask of a VM, and what that needs. */
export const BATCH_PERMISSIONS = {
  start: 'vm:power',
  stop: 'vm:power',
  restart: 'vm:power',
  pause: 'vm:power',
  resume: 'vm:power',
  suspend: 'vm:power',
  delete: 'vm:delete',
} as const satisfies Record<string, Permission>;
export type BatchAction = keyof typeof BATCH_PERMISSIONS;

export const BATCH_LIMITS = {
  items: { minimum: 1, maximum: 500 },
  concurrency: { minimum: 1, maximum: 32 },
  /** Batches of one user that are under way. */
  active: 8,
} as const;

/**
 *   pending --> running --> succeeded | failed
 *      +-----> skipped
 *
 * pending  its turn has not come
 * running  its operation is under way
 * skipped  another one failed before, and the batch was to stop then
 */
export type BatchItemState = 'pending' | 'running' | 'succeeded' | 'failed' | 'skipped';

/** What is asked of one VM, and what came of it. */
export interface BatchItem {
  readonly action: BatchAction;
  readonly vmId: VmId;
  readonly name: string;
  /** Of a stop or a restart, milliseconds; else 0. */
  readonly graceMs: number;
  readonly state: BatchItemState;
  /** Null until it was accepted, and where it was refused. */
  readonly operationId: OperationId | null;
  /** Why it failed. */
  readonly error: { readonly code: string; readonly reason: string; readonly message: string } | null;
}

export interface Batch {
  readonly isStoppedByError: boolean;
  /** How many are under way at the same time; 1: in order. */
  readonly concurrency: number;
  readonly items: readonly BatchItem[];
}

/** Throws `invalid_argument` batch.out_of_range. */
export function checkBatch({ concurrency, items }: { concurrency: number; items: readonly unknown[] }): void {
  const figures = { concurrency, items: items.length };
  for (const field of ['items', 'concurrency'] as const) {
    const { minimum, maximum } = BATCH_LIMITS[field];
    const actual = figures[field];
    if (Number.isInteger(actual) && actual >= minimum && actual <= maximum) continue;
    const what = field === 'items' ? 'A batch has' : 'concurrency is';
    throw new VolaryError('invalid_argument', `${what} ${minimum} to ${maximum}.`, {
      reason: 'batch.out_of_range',
      details: { field, minimum, maximum, actual },
    });
  }
}
