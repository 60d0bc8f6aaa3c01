import type { VmId } from '../domain/ids.ts';
import type { MetricSubject, Stretch } from '../domain/metrics/stretch.ts';
import type { MetricPoint } from '../domain/metrics/view.ts';

/** What VMs and the host did in the last days, ever more coarsely. Losing it costs curves, never a VM. */
export interface MetricStore extends AsyncDisposable {
  /**
   * Adds each stretch to the points of every resolution whose steps it lies in, shared out by time. All of them or, if
   * it throws, none.
   */
  add(stretches: readonly Stretch[]): Promise<void>;
  /** The points of one resolution that begin in [fromMs, untilMs), oldest first; none where nothing was measured. */
  read(
    subject: MetricSubject,
    range: { readonly stepMs: number; readonly fromMs: number; readonly untilMs: number },
  ): Promise<readonly MetricPoint[]>;
  /** The VMs of which anything is kept. */
  vms(): Promise<readonly VmId[]>;
  /** What all of it takes, bytes. */
  usage(): Promise<number>;
  /** What keeps measurements from being kept, or for longer than the server runs, for operators; null: nothing. */
  whyNot(): string | null;
  /** Drops all that is kept of these. */
  forget(vmIds: readonly VmId[]): Promise<void>;
  /**
   * Drops what has been kept long enough by `RESOLUTIONS`. Until all takes `maxBytes` at most, it drops more: the oldest of the finest resolution, down to what `METRIC_INTERVALS`
   * shows of it, then of the next ones; then the oldest of all.
   */
  prune(options: { readonly nowMs: number; readonly maxBytes: number }): Promise<void>;
}
