import type { ExecutionId, VmId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/**
 * One command run in a guest, at most once, with its output kept.
 *
 *   starting --> running --> exited
 *       |           +------> lost
 *       +--> failed | lost
 *
 * starting  recorded here; the guest may or may not have begun it
 * running   the guest has begun it
 * exited    it ended: `exitCode`, or the `signal` that killed it; final
 * failed    the guest could not start it (`error` says why); final. A program that does not exist is `exited` with 127
 * lost      its VM ended under it; what was captured is kept; final
 */
export const EXECUTION_TRANSITIONS = {
  starting: ['running', 'exited', 'failed', 'lost'],
  running: ['exited', 'lost'],
  exited: [],
  failed: [],
  lost: [],
} as const satisfies Record<string, readonly string[]>;

export type ExecutionState = keyof typeof EXECUTION_TRANSITIONS;
export const EXECUTION_STATES = [
  'starting',
  'running',
  'exited',
  'failed',
  'lost',
] as const satisfies readonly ExecutionState[];

export type OutputStream = 'stdout' | 'stderr';

export interface ExecRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Empty: the user's home. */
  readonly cwd: string;
  /** Empty: root. */
  readonly user: string;
  readonly tty: { readonly rows: number; readonly columns: number } | null;
  readonly hasStdin: boolean;
  /** 0: none. Milliseconds. */
  readonly timeoutMs: number;
}

export interface Execution {
  readonly id: ExecutionId;
  readonly vmId: VmId;
  /** The life of the VM it runs in. */
  readonly incarnation: number;
  readonly request: ExecRequest;
  readonly state: ExecutionState;
  readonly exitCode: number | null;
  /** Name of the signal that killed it, such as `SIGKILL`. */
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly error: string | null;
  /** Bytes produced so far, whether kept or not. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** True when some output was not kept, since it went past the bound per stream. */
  readonly isTruncated: boolean;
  /** The workload of its VM: its guest starts it again as the workload says, and of its output the newest is kept. */
  readonly isWorkload: boolean;
  readonly principal: string;
  /** Of its VM. */
  readonly owner: string;
  readonly createdAt: EpochMs;
  readonly startedAt: EpochMs | null;
  readonly completedAt: EpochMs | null;
}

/** Output kept of one stream of one execution, bytes; of a workload the newest. What goes past it is streamed but not kept. */
export const KEPT_OUTPUT_BYTES = 16 * 1024 * 1024;
