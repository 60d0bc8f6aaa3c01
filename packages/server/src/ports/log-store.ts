import type { VmId } from '../domain/ids.ts';
import type { GuestOutput, NewLogLine } from '../domain/logs/log-line.ts';
import type { LogFilter, LogPage, LogQuery } from '../domain/logs/log-query.ts';
import type { EpochMs } from '../domain/time.ts';

/**
 * Lines of guests, operations and the server, in the order in which they arrived. If the store is lost, only log lines
 * are lost. A source that can be read again has a cursor, which is stored together with its lines, so that a restart at
 * any moment neither loses nor repeats a line. Lines are numbered in ascending order: a missing number is a line that
 * was dropped, or no line at all, since no number is given twice, not even that of a line lost with the power.
 *
 * Every method may throw `unavailable` logs.unavailable, for example on a full disk: then nothing was done, and
 * repeating it is safe.
 */
export interface LogStore extends AsyncDisposable {
  /**
   * Adds lines, all or none. With a cursor, only if it is before `to`, and at `from` where that is given, and moves it
   * to `to`: a repeated call changes nothing. Returns the sequence of the last line.
   */
  append(lines: readonly NewLogLine[], cursor?: CursorMove): Promise<number>;
  /**
   * Adds the lines of a guest's output after its cursor, and moves the cursor past the last whole line. Earlier bytes
   * are skipped; missing ones are reported by a line of their own. Returns the offset from which to continue, and the
   * sequence of the last line.
   */
  appendOutput(output: GuestOutput): Promise<{ readonly next: number; readonly last: number }>;
  /** The position of a cursor; null: this key has no cursor. */
  cursor(key: string): Promise<number | null>;
  /** All cursors whose keys have this prefix. */
  cursors(prefix: string): Promise<readonly { readonly key: string; readonly position: number }[]>;
  /** Deletes cursors of sources that have ended. */
  dropCursors(keys: readonly string[]): Promise<void>;
  /**
   * The matching lines, at most `limit`. Takes at most a second or two, whatever the query, and a little longer if an
   * archive of older lines does not answer. Rejects with the reason of its signal.
   */
  read(query: LogQuery, options: LogReadOptions): Promise<KeptPage>;
  /** The sequence of the last line; later lines have greater ones. */
  last(): Promise<number>;
  /**
   * How many of the numbers after one and up to another were given to no line, since a crash left them out; 0: none, or
   * it is not known any more. Repeating it is safe.
   */
  neverGiven(after: number, to: number): Promise<number>;
  /**
   * From where on nothing has been dropped: no line with this sequence or a greater one, and none from this time on. If
   * a VM or an owner is named, only their lines count, not those dropped because another VM writes too much.
   */
  keptFrom(of?: Pick<LogFilter, 'vmId' | 'owner'>): Promise<KeptFrom>;
  /** The VMs of which lines are stored. */
  vms(): Promise<readonly VmId[]>;
  /** The size of all lines in bytes, and the time of the first one; null: there is none. */
  usage(): Promise<{ readonly bytes: number; readonly oldestAt: EpochMs | null }>;
  /**
   * Drops lines from before a time; then the oldest of each VM until its lines fit into `maxBytesPerVm`; then the
   * oldest of all until they fit into `maxBytes`.
   */
  prune(bounds: {
    readonly beforeMs: number;
    readonly maxBytesPerVm: number;
    readonly maxBytes: number;
  }): Promise<void>;
}

export interface CursorMove {
  readonly key: string;
  /** Where it has to stand; 0 also where nothing has come of it. Absent: anywhere before `to`. */
  readonly from?: number;
  readonly to: number;
}

export interface LogReadOptions {
  readonly signal: AbortSignal;
  /**
   * Identifies the reader: readers with different names take turns. All readers without one share a turn.
   */
  readonly reader?: string;
}

export interface KeptFrom {
  readonly sequence: number;
  readonly atMs: EpochMs;
  /** The line right before this sequence was dropped since its VM said too much, so whoever is behind has missed it; 0: nothing like it is known. */
  readonly vmSequence: number;
}

/** A page, and from where on nothing had been dropped of the VM and the owner that were asked for as it was made. */
export interface KeptPage extends LogPage {
  readonly keptFrom: KeptFrom;
}
