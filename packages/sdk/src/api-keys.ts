import type { ApiKey, ApiKeyPage, ApiKeyWithSecret, CreateApiKeyRequest, UpdateApiKeyRequest } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { allItems, type SelectedPageQuery } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

export interface ApiKeyQuery extends SelectedPageQuery {
  /** Name of a user; absent: all that may be seen. */
  readonly owner?: string;
}

/** Credentials for programs. */
export interface ApiKeyClient {
  /** Its `key` is told this once. */
  create(request: CreateApiKeyRequest, options?: Repeatable): Promise<ApiKeyWithSecret>;
  get(id: string, options?: Abortable): Promise<ApiKey>;
  list(query?: ApiKeyQuery, options?: Abortable): Promise<ApiKeyPage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<ApiKeyQuery, 'cursor'>, options?: Abortable): AsyncIterable<ApiKey>;
  /** What it is called, and its labels. */
  update(id: string, change: UpdateApiKeyRequest, options?: Abortable): Promise<ApiKey>;
  /** At once. */
  revoke(id: string, options?: Abortable): Promise<void>;
}

export function createApiKeyClient(transport: Transport): ApiKeyClient {
  const pathOf = (id: string) => `/v1/api-keys/${encodeURIComponent(id)}`;
  const client: ApiKeyClient = {
    create: (request, options = {}) => postJsonOnce(transport, { path: '/v1/api-keys', json: request, ...options }),
    get: (id, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(id), signal }),
    list: (query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/api-keys', query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    update: (id, change, { signal } = {}) =>
      transport.json({ method: 'PATCH', path: pathOf(id), json: change, signal }),
    revoke: async (id, { signal } = {}) => {
      await transport.send({ method: 'DELETE', path: pathOf(id), signal });
    },
  };
  return client;
}
