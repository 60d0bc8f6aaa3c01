import type { Context } from '../context.ts';

/** What one look at this machine showed. */
export interface Finding {
  /** Stable name, for `--json`. */
  readonly id: string;
  readonly title: string;
  /** `fail`: VMs cannot run. `warn`: they can, with a disadvantage. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** The exact command that mends it, or a sentence; null where nothing is to be mended. */
  readonly fix: string | null;
}

/** What the checks look at. */
export interface Surroundings {
  readonly context: Context;
  readonly dataDir: string;
  readonly cacheDir: string;
}

/** One look at this machine; it may find several things. Never throws for what it finds. */
export type Check = (surroundings: Surroundings) => Promise<readonly Finding[]>;

/** A finding with nothing to mend. */
export function fine(id: string, title: string, detail: string): Finding {
  return { id, title, status: 'ok', detail, fix: null };
}
