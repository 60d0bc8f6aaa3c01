import type {
  CreateNetworkRequest,
  CreateSecurityGroupRequest,
  Network,
  NetworkPage,
  SecurityGroup,
  SecurityGroupPage,
  UpdateNetworkRequest,
  UpdateSecurityGroupRequest,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { ifMatch } from './if-match.ts';
import { allItems, type SelectedPageQuery } from './pages.ts';
import type { Transport } from './transport.ts';

export interface NetworkChangeOptions extends Abortable {
  /** Change it only if its settings are still as in this one; else a `VolaryApiError` with status 412. */
  readonly ifUnchangedSince?: { readonly id: string; readonly updated_at: string };
}

/** Networks that VMs have their addresses on. One is named by its id or its name. */
export interface NetworkClient {
  /** Not sent again by itself when the connection breaks: whether it is there then, `get` tells. */
  create(request: CreateNetworkRequest, options?: Abortable): Promise<Network>;
  get(ref: string, options?: Abortable): Promise<Network>;
  list(query?: SelectedPageQuery, options?: Abortable): Promise<NetworkPage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<SelectedPageQuery, 'cursor'>, options?: Abortable): AsyncIterable<Network>;
  update(ref: string, request: UpdateNetworkRequest, options?: NetworkChangeOptions): Promise<Network>;
  delete(ref: string, options?: NetworkChangeOptions): Promise<void>;
}

/** Rules that VMs are put under. One is named by its id or its name. */
export interface SecurityGroupClient {
  /** Not sent again by itself when the connection breaks: whether it is there then, `get` tells. */
  create(request: CreateSecurityGroupRequest, options?: Abortable): Promise<SecurityGroup>;
  get(ref: string, options?: Abortable): Promise<SecurityGroup>;
  list(query?: SelectedPageQuery, options?: Abortable): Promise<SecurityGroupPage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<SelectedPageQuery, 'cursor'>, options?: Abortable): AsyncIterable<SecurityGroup>;
  update(ref: string, request: UpdateSecurityGroupRequest, options?: NetworkChangeOptions): Promise<SecurityGroup>;
  delete(ref: string, options?: NetworkChangeOptions): Promise<void>;
}

export function createNetworkClient(transport: Transport): NetworkClient {
  return createClient<CreateNetworkRequest, UpdateNetworkRequest, Network>(transport, '/v1/networks');
}

export function createSecurityGroupClient(transport: Transport): SecurityGroupClient {
  return createClient<CreateSecurityGroupRequest, UpdateSecurityGroupRequest, SecurityGroup>(
    transport,
    '/v1/security-groups',
  );
}

interface Client<Create, Update, Item> {
  create(request: Create, options?: Abortable): Promise<Item>;
  get(ref: string, options?: Abortable): Promise<Item>;
  list(query?: SelectedPageQuery, options?: Abortable): Promise<{ items: Item[]; next_cursor: string | null }>;
  listAll(query?: Omit<SelectedPageQuery, 'cursor'>, options?: Abortable): AsyncIterable<Item>;
  update(ref: string, request: Update, options?: NetworkChangeOptions): Promise<Item>;
  delete(ref: string, options?: NetworkChangeOptions): Promise<void>;
}

function createClient<Create, Update, Item>(transport: Transport, path: string): Client<Create, Update, Item> {
  const pathOf = (ref: string) => `${path}/${encodeURIComponent(ref)}`;
  const client: Client<Create, Update, Item> = {
    create: (request, { signal } = {}) => transport.json({ method: 'POST', path, json: request, signal }),
    get: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref), signal }),
    list: (query = {}, { signal } = {}) => transport.json({ method: 'GET', path, query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    update: (ref, request, options = {}) =>
      transport.json({ method: 'PATCH', path: pathOf(ref), json: request, ...guarded(options) }),
    delete: async (ref, options = {}) => {
      await transport.send({ method: 'DELETE', path: pathOf(ref), ...guarded(options) });
    },
  };
  return client;
}

function guarded({ ifUnchangedSince: seen, signal }: NetworkChangeOptions) {
  return { ...ifMatch(seen && { id: seen.id, version: Date.parse(seen.updated_at) }), signal };
}
