import type { VmId } from '../ids.ts';
import type { EpochMs } from '../time.ts';
import type { VmSettings } from './settings.ts';
import type { Changes } from './spec-diff.ts';

/** How a revision came about: with the VM, by a change, or by going back to an earlier one. */
export type RevisionCause =
  | { readonly kind: 'created' }
  | { readonly kind: 'changed' }
  | { readonly kind: 'rolled-back'; readonly to: number };

/** What somebody has set of a VM, from one change to the next. Never changed; gone with the VM. */
export interface VmRevision {
  readonly vmId: VmId;
  /** From 1 on, without a gap. */
  readonly number: number;
  readonly at: EpochMs;
  /** The principal. */
  readonly author: string;
  /** Of the request that brought it; null where that is not known. */
  readonly requestId: string | null;
  readonly cause: RevisionCause;
  /** From the one before; empty for the first. */
  readonly changes: Changes;
  readonly settings: VmSettings;
}

/** Revisions of one VM that are kept: the newest. */
export const REVISIONS_KEPT = 1_000;
