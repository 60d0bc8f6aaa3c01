import { VolaryError } from '../errors.ts';
import type { ExecRequest } from '../execution/execution.ts';
import type { ExecutionId, OperationId, VmId } from '../ids.ts';
import type { Permission } from '../principal/permissions.ts';
import type { Rights } from '../principal/rights.ts';
import type { CreateVmRequest } from '../vm/vm-request.ts';

/** What a batch can ask for, and what that needs. */
export const BATCH_PERMISSIONS = {
  create: 'vm:create',
  start: 'vm:power',
  stop: 'vm:power',
  restart: 'vm:power',
  pause: 'vm:power',
  resume: 'vm:power',
  suspend: 'vm:power',
  exec: 'vm:exec',
  delete: 'vm:delete',
} as const satisfies Record<string, Permission>;
export type BatchAction = keyof typeof BATCH_PERMISSIONS;

export const BATCH_LIMITS = {
  items: { minimum: 1, maximum: 500 },
  concurrency: { minimum: 1, maximum: 32 },
  /** Batches of one user that are under way. */
  active: 8,
  /** Of each stream of a command, what its item shows, bytes: its execution has the rest. */
  outputBytes: 1_024,
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
  /** Which item of the request it comes from, from 0 on: a selector stands for several VMs. */
  readonly index: number;
  /** Null of one that is to be created, until it is. */
  readonly vmId: VmId | null;
  /** Of the VM. Of one that is to be created what was asked for; empty where one is made up, until it is. */
  readonly name: string;
  /** Of a stop or a restart, milliseconds; else 0. */
  readonly graceMs: number;
  readonly state: BatchItemState;
  /** Null until it was accepted, where it was refused, and of a command. */
  readonly operationId: OperationId | null;
  /** Of a command, from when it was begun. */
  readonly executionId: ExecutionId | null;
  /** What came of a command; null until it is over. */
  readonly outcome: CommandOutcome | null;
  /** Why it failed. */
  readonly error: { readonly code: string; readonly reason: string; readonly message: string } | null;
}

/** How a command of a batch ended, and what it said at first. */
export interface CommandOutcome {
  /** Null where a signal ended it, and where it could not be begun. */
  readonly exitCode: number | null;
  /** Such as `SIGKILL`. */
  readonly signal: string | null;
  /** The first bytes, as text: what is no UTF-8 stands as U+FFFD. */
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it said more. */
  readonly isTruncated: boolean;
}

/** What an item asks for besides which VM it is about. */
export type BatchOrder =
  | { readonly kind: 'create'; readonly request: CreateVmRequest }
  | { readonly kind: 'exec'; readonly request: ExecRequest };

/** Kept beside a batch and shown to nobody, since it may hold secrets. */
export interface BatchOrders {
  /** What whoever asked for it could do then: its VMs are made by these. */
  readonly rights: Rights;
  /** By the index of the item. */
  readonly orders: Readonly<Record<string, BatchOrder>>;
}

export interface Batch {
  readonly isStoppedByError: boolean;
  /** How many are under way at the same time; 1: in order. */
  readonly concurrency: number;
  readonly items: readonly BatchItem[];
}

/** Throws `invalid_argument` batch.out_of_range. `items`: with one for each VM that a selector stands for. */
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
