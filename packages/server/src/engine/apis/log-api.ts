import type { ExecutionId, OperationId } from '../../domain/ids.ts';
import type { LogLevel, LogLine, LogSource } from '../../domain/logs/log-line.ts';
import type { LogPage } from '../../domain/logs/log-query.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';

/** Which lines; what is absent does not narrow. */
export interface LogSelection {
  readonly vm?: string;
  readonly operationId?: OperationId;
  readonly executionId?: ExecutionId;
  readonly sources?: readonly LogSource[];
  readonly minLevel?: LogLevel;
  /** Words to be found. */
  readonly search?: string;
  readonly sinceMs?: EpochMs;
  readonly untilMs?: EpochMs;
}

/**
 * What guests, operations and the server have said. Each call throws `invalid_argument` logs.no_word for a search without a letter or digit, logs.empty_range for a time
 * that ends before it begins, logs.cursor_ahead for a cursor past the last line, `not_found` vm.unknown, `unavailable` logs.unavailable.
 */
export interface LogApi {
  /**
   * `forward`: those after `from`, oldest first; `backward`: those before it, newest first. Null: from the first, or back from the last. A line that is marked
   * as a gap, with the sequence `from`, comes before those of which older ones were dropped that `from` had not come to. Throws the signal's reason.
   */
  list(
    principal: Principal,
    selection: LogSelection,
    page: {
      readonly direction: 'forward' | 'backward';
      readonly from: number | null;
      readonly limit: number;
      readonly signal: AbortSignal;
    },
  ): Promise<LogPage>;
  /**
   * Lines after `after`, and then what comes. Null: the last `tail` lines and what comes after them; with `sinceMs` and without a tail, all from that moment on.
   */
  follow(
    principal: Principal,
    selection: LogSelection,
    options: { readonly after: number | null; readonly tail: number | null; readonly signal: AbortSignal },
  ): Promise<LogFeed>;
  /**
   * Those after `after`, null: all of them, oldest first, a page at a time, up to the last there is now. Throws the
   * signal's reason.
   */
  export(
    principal: Principal,
    selection: LogSelection,
    options: { readonly after: number | null; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<readonly LogLine[]>>;
}

/**
 * Lines from somewhere on, without end: each once and in order, as many at a time as there are. For one reader, who takes the next ones when it is
 * done with these; nobody waits for it. Throws the reason of the signal it was opened with.
 */
export interface LogFeed extends AsyncIterable<readonly LogLine[]> {
  /** The sequence after which to resume: all up to it has been taken, or was not asked for. */
  readonly position: number;
}
