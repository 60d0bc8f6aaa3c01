import type { ExecRequest, Execution, OutputStream } from '../../domain/execution/execution.ts';
import type { ExecutionId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Leaf, Once, Page } from '../requests.ts';

export type ExecutionUpdate =
  | { readonly kind: 'output'; readonly stream: OutputStream; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'completed'; readonly execution: Execution };

/** A command that runs, as one client sees it. Letting go of it does not end the command. */
export interface ExecutionSession {
  readonly execution: Execution;
  /** What happens, from the first byte on, ending with `completed`. */
  readonly updates: AsyncIterable<ExecutionUpdate>;
}

export interface ExecutionApi {
  /** Throws `failed_precondition` vm.not_running. A program that does not exist is a finished execution with exit code 127, no such user or directory one that `failed`. */
  start(
    principal: Principal,
    ref: string,
    request: ExecRequest,
    options: Once & { readonly signal: AbortSignal },
  ): Promise<ExecutionSession>;
  /** Throws `not_found` execution.unknown. */
  get(principal: Principal, id: ExecutionId): Promise<Execution>;
  list(
    principal: Principal,
    request: { readonly limit: number; readonly after: ExecutionId | null; readonly vm?: string },
  ): Promise<Page<Execution, ExecutionId>>;
  /** Those of this VM, the newest first, from the one with the number `offset` on, and how many it has in all. */
  browse(
    principal: Principal,
    request: { readonly limit: number; readonly offset: number; readonly vm: string },
  ): Promise<Leaf<Execution>>;
  /** Kept output from the offsets on; `follow` goes on live until the command has ended. */
  output(
    principal: Principal,
    id: ExecutionId,
    options: {
      readonly stream: OutputStream | 'both';
      readonly offset: number;
      readonly follow: boolean;
      readonly signal: AbortSignal;
    },
  ): Promise<AsyncIterable<ExecutionUpdate>>;
  /**
   * Feeds the command, at this offset of its input (null: after what it has): bytes it has already are skipped, so that a repeated request does no
   * harm. Returns how many it has now. Throws `conflict` execution.stdin_gap, `failed_precondition` execution.stdin_closed / execution.not_running.
   */
  writeStdin(
    principal: Principal,
    id: ExecutionId,
    input: { readonly offset: number | null; readonly content: AsyncIterable<Uint8Array>; readonly end: boolean },
  ): Promise<number>;
  /** `signal` is a name such as `SIGTERM`. Throws `invalid_argument` execution.unknown_signal, `failed_precondition` execution.not_running. */
  signal(principal: Principal, id: ExecutionId, signal: string): Promise<void>;
  /**
   * Ends the command and its children: SIGTERM, and SIGKILL to what is left after the grace. Resolves when it is over. Throws
   * `failed_precondition` execution.not_running, `deadline_exceeded` execution.not_ended.
   */
  cancel(
    principal: Principal,
    id: ExecutionId,
    options: { readonly graceMs: number; readonly signal: AbortSignal },
  ): Promise<Execution>;
  resize(
    principal: Principal,
    id: ExecutionId,
    size: { readonly rows: number; readonly columns: number },
  ): Promise<void>;
}
