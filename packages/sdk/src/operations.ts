import type { Operation, OperationEstimate, OperationKind, OperationPage, OperationState } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { errorOfOperation } from './errors.ts';
import { allItems } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import { createBackoff } from './retry.ts';
import type { Transport } from './transport.ts';

/** Each request waits this long at most, so that nothing between us and the server takes it for dead. Seconds. */
const POLL_SECONDS = 30;
/** How long a server may be away (restarting, say) while an operation is followed. */
const OUTAGE_MS = 60_000;

export interface OperationQuery {
  readonly limit?: number;
  readonly cursor?: string;
  readonly vm?: string;
  readonly state?: OperationState;
  readonly kind?: OperationKind;
}

export interface OperationClient {
  get(id: string, options?: Abortable): Promise<Operation>;
  /** When it is expected to be over; when it was, of one that is. */
  estimate(id: string, options?: Abortable): Promise<OperationEstimate>;
  list(query?: OperationQuery, options?: Abortable): Promise<OperationPage>;
  /** Resolves with the operation, cancelled; what it had half made is unmade by the one that its error's details name. */
  cancel(id: string, options?: Repeatable): Promise<Operation>;
  /** All pages, newest first. */
  listAll(query?: Omit<OperationQuery, 'cursor'>, options?: Abortable): AsyncIterable<Operation>;
  /** The operation now and at each change, until it is final. Survives a server that is away for up to a minute. */
  follow(id: string, options?: Abortable): AsyncIterable<Operation>;
  /**
   * Resolves with the operation when it has succeeded. Throws `VolaryApiError` with its code and reason when it has failed
   * or was cancelled, and the signal's reason when that is aborted first.
   */
  finish(id: string, options?: Abortable & { readonly onUpdate?: (operation: Operation) => void }): Promise<Operation>;
}

export function createOperationClient(transport: Transport): OperationClient {
  const pathOf = (id: string) => `/v1/operations/${encodeURIComponent(id)}`;
  const client: OperationClient = {
    get: (id, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(id), signal }),
    estimate: (id, { signal } = {}) => transport.json({ method: 'GET', path: `${pathOf(id)}/estimate`, signal }),
    list: (query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/operations', query: { ...query }, signal }),
    cancel: (id, options = {}) => postJsonOnce(transport, { path: `${pathOf(id)}/cancel`, json: {}, ...options }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    follow: (id, options = {}) => follow(transport, pathOf(id), options),
    finish: async (id, { signal, onUpdate } = {}) => {
      let last: Operation | null = null;
      for await (const operation of client.follow(id, { signal })) {
        onUpdate?.(operation);
        last = operation;
      }
      const final = last ?? (await client.get(id, { signal }));
      const error = errorOfOperation(final);
      if (error !== null) throw error;
      return final;
    },
  };
  return client;
}

async function* follow(transport: Transport, path: string, { signal }: Abortable): AsyncGenerator<Operation> {
  const backoff = createBackoff({ giveUpAfterMs: OUTAGE_MS });
  let revision = 0;
  for (;;) {
    const operation = await poll(transport, path, revision, signal).catch(async (error: unknown) => {
      await backoff.afterFault(error, signal);
      return null;
    });
    if (operation === null) continue;
    backoff.reset();
    if (operation.revision > revision) yield operation;
    revision = operation.revision;
    if (isFinal(operation)) return;
  }
}

async function poll(
  transport: Transport,
  path: string,
  revision: number,
  signal: AbortSignal | undefined,
): Promise<Operation> {
  return await transport.json<Operation>({
    method: 'GET',
    path: `${path}/wait`,
    query: { timeout: POLL_SECONDS, after_revision: revision },
    signal,
  });
}

/** True when the operation will not change any more. */
export function isFinal(operation: Operation): boolean {
  return operation.state === 'succeeded' || operation.state === 'failed' || operation.state === 'cancelled';
}
