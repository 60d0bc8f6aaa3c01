import type { AuditEntry, AuditResult, NewAuditEntry } from '../../domain/audit/audit.ts';
import type { EpochMs } from '../../domain/time.ts';

/** What entries are about; what is absent matters not. */
export interface AuditFilter {
  readonly principal?: string;
  readonly action?: string;
  /** The target's id, or its name. */
  readonly target?: { readonly id: string } | { readonly name: string };
  readonly result?: AuditResult;
  /** Not before this moment, and before that one. */
  readonly since?: EpochMs;
  readonly until?: EpochMs;
}

/** Which part of a list of entries. */
export interface AuditPage {
  readonly limit: number;
  readonly after: number | null;
  readonly order: 'newest-first' | 'oldest-first';
}

/** Who did what. Entries are never changed; an entry of a change is appended in that change's transaction. */
export interface AuditTable {
  append(entries: readonly NewAuditEntry[]): Promise<void>;
  /** At most `limit`; `after` is the last sequence of the page before, in the order that is asked for; null: from its beginning. */
  list(page: AuditFilter & AuditPage): Promise<readonly AuditEntry[]>;
  /**
   * Removes entries from the log's beginning as long as they are from before this moment; at most `limit`. Returns how many. Sequences
   * are never used again.
   */
  deleteOld(which: { readonly before: EpochMs; readonly limit: number }): Promise<number>;
}
