import type { PutRoleRequest, Role, RoleList } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import type { SelectedQuery } from './pages.ts';
import type { Transport } from './transport.ts';

/** Names for patterns of permissions. */
export interface RoleClient {
  /** All of them, the built-in ones first. */
  list(query?: SelectedQuery, options?: Abortable): Promise<RoleList>;
  get(name: string, options?: Abortable): Promise<Role>;
  /** Makes it, or makes it what is asked. */
  put(name: string, request: PutRoleRequest, options?: Abortable): Promise<Role>;
  delete(name: string, options?: Abortable): Promise<void>;
}

export function createRoleClient(transport: Transport): RoleClient {
  const pathOf = (name: string) => `/v1/roles/${encodeURIComponent(name)}`;
  return {
    list: (query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/roles', query: { ...query }, signal }),
    get: (name, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(name), signal }),
    put: (name, request, { signal } = {}) =>
      transport.json({ method: 'PUT', path: pathOf(name), json: request, signal }),
    delete: async (name, { signal } = {}) => {
      await transport.send({ method: 'DELETE', path: pathOf(name), signal });
    },
  };
}
