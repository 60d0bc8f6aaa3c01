import type { CreateSecretRequest, RotatedKey, Secret, SecretPage, SetSecretRequest } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { allItems, type SelectedPageQuery } from './pages.ts';
import type { Transport } from './transport.ts';

/** Values that VMs are given, and nobody is shown. A secret is named by its id, or by the name of one of your own. */
export interface SecretClient {
  /** Not sent again by itself when the connection breaks: whether it is there then, `get` tells. */
  create(request: CreateSecretRequest, options?: Abortable): Promise<Secret>;
  get(ref: string, options?: Abortable): Promise<Secret>;
  list(query?: SelectedPageQuery, options?: Abortable): Promise<SecretPage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<SelectedPageQuery, 'cursor'>, options?: Abortable): AsyncIterable<Secret>;
  /** Gives it another value. */
  set(ref: string, request: SetSecretRequest, options?: Abortable): Promise<Secret>;
  delete(ref: string, options?: Abortable): Promise<void>;
  /** Seals all that the server has sealed with a new key. */
  rotateKey(options?: Abortable): Promise<RotatedKey>;
}

export function createSecretClient(transport: Transport): SecretClient {
  const path = '/v1/secrets';
  const pathOf = (ref: string) => `${path}/${encodeURIComponent(ref)}`;
  const client: SecretClient = {
    create: (request, { signal } = {}) => transport.json({ method: 'POST', path, json: request, signal }),
    get: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref), signal }),
    list: (query = {}, { signal } = {}) => transport.json({ method: 'GET', path, query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    set: (ref, request, { signal } = {}) => transport.json({ method: 'PUT', path: pathOf(ref), json: request, signal }),
    delete: async (ref, { signal } = {}) => {
      await transport.send({ method: 'DELETE', path: pathOf(ref), signal });
    },
    rotateKey: ({ signal } = {}) => transport.json({ method: 'POST', path: pathOf('rotate-key'), json: {}, signal }),
  };
  return client;
}
