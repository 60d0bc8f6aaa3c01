import type {
  CreateWorkspaceRequest,
  UpdateWorkspaceRequest,
  Workspace,
  WorkspacePage,
  WorkspaceStatus,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { ifMatch } from './if-match.ts';
import { allItems } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

export interface WorkspaceQuery {
  readonly limit?: number;
  readonly cursor?: string;
  /** By labels: `a=b,c!=d,e in (f,g),!h`. */
  readonly selector?: string;
}

export interface WorkspaceChangeOptions extends Abortable {
  /** Change it only if what is wanted of it is still as in this one; else a `VolaryApiError` with status 412. */
  readonly ifUnchangedSince?: Pick<Workspace, 'id' | 'generation'>;
}

/** VMs that belong to somebody for a time. A workspace is named by its id, or by the name of one of your own. */
export interface WorkspaceClient {
  /** Resolves as soon as it is wanted: `wait` tells when it can be used. */
  create(request: CreateWorkspaceRequest, options?: Repeatable): Promise<Workspace>;
  get(ref: string, options?: Abortable): Promise<Workspace>;
  list(query?: WorkspaceQuery, options?: Abortable): Promise<WorkspacePage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<WorkspaceQuery, 'cursor'>, options?: Abortable): AsyncIterable<Workspace>;
  update(ref: string, change: UpdateWorkspaceRequest, options?: WorkspaceChangeOptions): Promise<Workspace>;
  /** Lives so long from now on; rejects with a `VolaryApiError` workspace.not_longer if it lives longer already. */
  extend(ref: string, ttlSeconds: number, options?: Repeatable): Promise<Workspace>;
  /** With its VM. */
  delete(ref: string, options?: WorkspaceChangeOptions): Promise<Workspace>;
  /**
   * Resolves when it is in this status (default: running), with null when it is gone and `absent` was waited for. Rejects with a `VolaryApiError`
   * workspace.failed, or workspace.wait_timeout after `timeoutSeconds` (default 30, at most 300).
   */
  wait(
    ref: string,
    wanted?: { readonly status?: WorkspaceStatus | 'absent'; readonly timeoutSeconds?: number },
    options?: Abortable,
  ): Promise<Workspace | null>;
}

export function createWorkspaceClient(transport: Transport): WorkspaceClient {
  const path = '/v1/workspaces';
  const pathOf = (ref: string, verb?: string) =>
    `${path}/${encodeURIComponent(ref)}${verb === undefined ? '' : `/${verb}`}`;
  const client: WorkspaceClient = {
    create: (request, options = {}) => postJsonOnce(transport, { path, json: request, ...options }),
    get: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref), signal }),
    list: (query = {}, { signal } = {}) => transport.json({ method: 'GET', path, query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    update: (ref, change, options = {}) =>
      transport.json({ method: 'PATCH', path: pathOf(ref), json: change, ...guarded(options) }),
    extend: (ref, ttlSeconds, options = {}) =>
      postJsonOnce(transport, { path: pathOf(ref, 'extend'), json: { ttl_seconds: ttlSeconds }, ...options }),
    delete: (ref, options = {}) => transport.json({ method: 'DELETE', path: pathOf(ref), ...guarded(options) }),
    wait: async (ref, { status, timeoutSeconds } = {}, { signal } = {}) => {
      const query = {
        ...(status === undefined ? {} : { status }),
        ...(timeoutSeconds === undefined ? {} : { timeout: timeoutSeconds }),
      };
      const response = await transport.send({ method: 'GET', path: pathOf(ref, 'wait'), query, signal });
      if (response.status === 204) return null;
      const workspace: Workspace = JSON.parse(await response.text());
      return workspace;
    },
  };
  return client;
}

function guarded({ ifUnchangedSince: seen, signal }: WorkspaceChangeOptions) {
  return { ...ifMatch(seen && { id: seen.id, version: seen.generation }), signal };
}
