import type {
  CreateUserRequest,
  Me,
  UpdateProfileRequest,
  UpdateUserRequest,
  User,
  UserDetails,
  UserPage,
  UserState,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { ifMatch } from './if-match.ts';
import { allItems, type SelectedPageQuery } from './pages.ts';
import type { Transport } from './transport.ts';

export interface UserQuery extends SelectedPageQuery {
  /** Default: all but the deleted ones. */
  readonly state?: readonly UserState[];
}

export interface UserChangeOptions extends Abortable {
  /** Change it only if its settings are still those of this user; else a `VolaryApiError` with status 412. */
  readonly ifUnchangedSince?: Pick<User, 'id' | 'updated_at'>;
}

/** Accounts. `ref` is an id or a name. */
export interface UserClient {
  create(request: CreateUserRequest, options?: Abortable): Promise<User>;
  /** With what the user may have, and has. */
  get(ref: string, options?: Abortable): Promise<UserDetails>;
  list(query?: UserQuery, options?: Abortable): Promise<UserPage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<UserQuery, 'cursor'>, options?: Abortable): AsyncIterable<User>;
  update(ref: string, change: UpdateUserRequest, options?: UserChangeOptions): Promise<User>;
  /** Ends the account for good, with its keys and sessions. */
  delete(ref: string, options?: UserChangeOptions): Promise<void>;
  setPassword(ref: string, password: string, options?: Abortable): Promise<void>;
  /** Whose credentials this client has, and what they allow. */
  me(options?: Abortable): Promise<Me>;
  updateMe(change: UpdateProfileRequest, options?: Abortable): Promise<User>;
}

export function createUserClient(transport: Transport): UserClient {
  const pathOf = (ref: string) => `/v1/users/${encodeURIComponent(ref)}`;
  const client: UserClient = {
    create: (request, { signal } = {}) => transport.json({ method: 'POST', path: '/v1/users', json: request, signal }),
    get: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref), signal }),
    list: (query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/users', query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    update: (ref, change, options = {}) =>
      transport.json({ method: 'PATCH', path: pathOf(ref), json: change, ...guarded(options) }),
    delete: async (ref, options = {}) => {
      await transport.send({ method: 'DELETE', path: pathOf(ref), ...guarded(options) });
    },
    setPassword: async (ref, password, { signal } = {}) => {
      await transport.send({ method: 'PUT', path: `${pathOf(ref)}/password`, json: { password }, signal });
    },
    me: ({ signal } = {}) => transport.json({ method: 'GET', path: '/v1/auth/me', signal }),
    updateMe: (change, { signal } = {}) =>
      transport.json({ method: 'PATCH', path: '/v1/auth/me', json: change, signal }),
  };
  return client;
}

function guarded({ ifUnchangedSince: seen, signal }: UserChangeOptions) {
  return { ...ifMatch(seen && { id: seen.id, version: Date.parse(seen.updated_at) }), signal };
}
