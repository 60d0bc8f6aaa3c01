import type { AuditEntry } from '../../domain/audit/audit.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { AuditFilter } from '../../ports/tables/audit-table.ts';
import { authorise } from '../access/authorise.ts';
import type { Refusal, Refusals } from '../audit/refusals.ts';
import type { EngineDeps } from '../deps.ts';
import type { Page } from '../requests.ts';

export type { AuditFilter };

export interface AuditApi {
  /** Notes that nothing came of a request, by the face that answered it. Never throws, and waits for nothing. */
  refused(principal: Principal, refusal: Refusal): void;
  /** Newest first. `after` is the last sequence of the page before. */
  list(
    principal: Principal,
    request: AuditFilter & { readonly limit: number; readonly after: number | null },
  ): Promise<Page<AuditEntry, number>>;
  /** All of them, oldest first, as many at a time as is good for others. Throws the signal's reason. */
  export(
    principal: Principal,
    request: AuditFilter & { readonly signal: AbortSignal },
  ): AsyncIterable<readonly AuditEntry[]>;
}

/** Entries that are read at once for an export. */
const EXPORT_PAGE = 500;

export function createAuditApi(deps: Pick<EngineDeps, 'store'> & { readonly refusals: Refusals }): AuditApi {
  const { store, refusals } = deps;
  return {
    refused: refusals.note,
    async list(principal, { limit, after, ...filter }) {
      authorise(principal, 'audit:read');
      await writeKnown(refusals);
      const rows = await store.audit.list({ ...filter, limit: limit + 1, after, order: 'newest-first' });
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? (items.at(-1)?.sequence ?? null) : null };
    },
    export(principal, { signal, ...filter }) {
      authorise(principal, 'audit:read');
      return everyPage(deps, filter, signal);
    },
  };
}

/** What is read is what has been answered so far. Where it cannot be written, as on a full disk, the rest is shown; `run` tells why. */
async function writeKnown(refusals: Refusals): Promise<void> {
  await refusals.flush().catch(() => undefined);
}

async function* everyPage(
  { store, refusals }: Pick<EngineDeps, 'store'> & { readonly refusals: Refusals },
  filter: AuditFilter,
  signal: AbortSignal,
): AsyncIterable<readonly AuditEntry[]> {
  await writeKnown(refusals);
  let after: number | null = null;
  do {
    signal.throwIfAborted();
    const page: readonly AuditEntry[] = await store.audit.list({
      ...{ ...filter, after, limit: EXPORT_PAGE },
      order: 'oldest-first',
    });
    if (page.length > 0) yield page;
    after = page.length < EXPORT_PAGE ? null : (page.at(-1)?.sequence ?? null);
  } while (after !== null);
}
