import type { CreateWorkspaceRequest, UpdateWorkspaceRequest, Workspace, WorkspaceStatus } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { type ChangeOptions, type CollectionClient, createCollection } from './collection.ts';
import type { SelectedPageQuery } from './pages.ts';
import type { Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

export type WorkspaceQuery = SelectedPageQuery;

/** `ifUnchangedSince`: change it only if what is wanted of it is still as in this one; else a `VolaryApiError` with status 412. */
export type WorkspaceChangeOptions = ChangeOptions<Pick<Workspace, 'id' | 'generation'>>;

/** VMs that belong to somebody for a time. A workspace is named by its id, or by the name of one of your own. */
export interface WorkspaceClient extends CollectionClient<Workspace, UpdateWorkspaceRequest, WorkspaceChangeOptions> {
  /** Resolves as soon as it is wanted: `wait` tells when it can be used. */
  create(request: CreateWorkspaceRequest, options?: Repeatable): Promise<Workspace>;
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
  const {
    get,
    list,
    listAll,
    create,
    update,
    post,
    wait,
    delete: remove,
  } = createCollection<Workspace, WorkspaceQuery, Pick<Workspace, 'id' | 'generation'>>(
    transport,
    '/v1/workspaces',
    ({ generation }) => generation,
  );
  return {
    ...{ create, get, list, listAll, update, delete: remove },
    extend: (ref, ttlSeconds, options) => post(ref, 'extend', { ttl_seconds: ttlSeconds }, options),
    wait: (ref, { status, timeoutSeconds: timeout } = {}, options) =>
      wait(ref, { ...(status && { status }), ...(timeout === undefined ? {} : { timeout }) }, options),
  };
}
