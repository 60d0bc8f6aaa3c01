import type { VmId } from '../domain/ids.ts';
import type { GuestOutput, NewLogLine } from '../domain/logs/log-line.ts';
import type { LogFilter, LogPage, LogQuery } from '../domain/logs/log-query.ts';
import type { EpochMs } from '../domain/time.ts';

/**
 * Lines of guests, of operations and of the server, in the order in which they came. Losing it costs what was said, never a VM. What a source can tell again has a
 * cursor that moves with its lines or not at all, so that a restart at any moment neither loses nor doubles a line. Lines are numbered one after the other: a number
 * that is missing between two is that of a line which was dropped, or of none, for no number is given twice: not even that of a line which was lost with the power.
 *
 * Every method may throw `unavailable` logs.unavailable, such as on a full disk: nothing of it was done, and repeating it is safe.
 */
export interface LogStore extends AsyncDisposable {
  /**
   * Adds lines, all or none. With a cursor only if that stands before `to`, and at `from` where that is given, and then it stands at `to`: a repeated call changes
   * nothing. Returns the sequence of the last line there is.
   */
  append(lines: readonly NewLogLine[], cursor?: CursorMove): Promise<number>;
  /**
   * Adds the lines of what a guest wrote, from where its cursor stands, and moves that past the last whole line. What lies before is skipped; what is missing is told by a line of its own.
   * Returns the offset to go on from, and the sequence of the last line there is.
   */
  appendOutput(output: GuestOutput): Promise<{ readonly next: number; readonly last: number }>;
  /** Where a cursor stands; null: nothing has come of this key. */
  cursor(key: string): Promise<number | null>;
  /** All cursors whose key begins so. */
  cursors(prefix: string): Promise<readonly { readonly key: string; readonly position: number }[]>;
  /** Forgets cursors of which nothing will come any more. */
  dropCursors(keys: readonly string[]): Promise<void>;
  /**
   * Lines as asked for, at most `limit`. Takes a second or two at most, whatever is looked for, and some more where something else that keeps lines does not answer. Rejects with
   * the reason of its signal.
   */
  read(query: LogQuery, options: LogReadOptions): Promise<KeptPage>;
  /** The sequence of the last line; what comes later has a greater one. */
  last(): Promise<number>;
  /**
   * From where on nothing has been dropped: neither of this sequence and greater ones, nor of this moment and later.
   * Of lines of a VM or an owner alone where they are named: what is
   * dropped since another VM says too much does not matter to those.
   */
  keptFrom(of?: Pick<LogFilter, 'vmId' | 'owner'>): Promise<KeptFrom>;
  /** The VMs of which anything is kept. */
  vms(): Promise<readonly VmId[]>;
  /** What all of it takes, bytes, and from when the first line is that is kept; null: there is none. */
  usage(): Promise<{ readonly bytes: number; readonly oldestAt: EpochMs | null }>;
  /** Drops what came before a moment; then the oldest of each VM until its lines take `maxBytesPerVm` at most; then the oldest of all until all takes `maxBytes`. */
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
   * Who asks, whatever that is called: where several ask at once they take turns. Absent: one of all those who do not
   * say.
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
