import type { AuditEntry, AuditPage, AuditResult } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { linesOf } from './lines.ts';
import { allItems } from './pages.ts';
import { bytesOf, type Transport } from './transport.ts';

/** Which entries; moments as RFC 3339 has them. */
export interface AuditQuery {
  readonly principal?: string;
  readonly action?: string;
  /** An id, or a name. */
  readonly target?: string;
  readonly result?: AuditResult;
  readonly since?: string;
  readonly until?: string;
}

/** Who did what. */
export interface AuditClient {
  /** A page, newest first. */
  list(
    query?: AuditQuery & { readonly limit?: number; readonly cursor?: string },
    options?: Abortable,
  ): Promise<AuditPage>;
  /** The entries of all pages, newest first. */
  listAll(query?: AuditQuery & { readonly limit?: number }, options?: Abortable): AsyncIterable<AuditEntry>;
  /** All of them, oldest first, as they come. Throws `VolaryConnectionError` when it breaks off. */
  export(query?: AuditQuery, options?: Abortable): AsyncIterable<AuditEntry>;
}

const PATH = '/v1/audit';

export function createAuditClient(transport: Transport): AuditClient {
  const list: AuditClient['list'] = (query = {}, { signal } = {}) =>
    transport.json({ method: 'GET', path: PATH, query: { ...query }, signal });
  return {
    list,
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => list(cursor === undefined ? query : { ...query, cursor }, options)),
    export: (query = {}, { signal } = {}) => exportAll(transport, query, signal),
  };
}

async function* exportAll(
  transport: Transport,
  query: AuditQuery,
  signal: AbortSignal | undefined,
): AsyncGenerator<AuditEntry> {
  const headers = { accept: 'application/x-ndjson' };
  const response = await transport.send({ method: 'GET', path: PATH, query: { ...query }, headers, signal });
  for await (const line of linesOf(bytesOf(response, signal))) {
    const entry: AuditEntry = JSON.parse(line);
    yield entry;
  }
}
