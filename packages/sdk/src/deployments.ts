import type {
  CreateDeploymentRequest,
  Deployment,
  DeploymentPhase,
  DeploymentRevisionPage,
  UpdateDeploymentRequest,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { type ChangeOptions, type CollectionClient, createCollection } from './collection.ts';
import type { SelectedPageQuery } from './pages.ts';
import type { Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

export type DeploymentQuery = SelectedPageQuery;

/** `ifUnchangedSince`: change it only if what is wanted of it is still as in this one; else a `VolaryApiError` with status 412. */
export type DeploymentChangeOptions = ChangeOptions<Pick<Deployment, 'id' | 'generation'>>;

/** So many VMs of one kind, kept alive. A deployment is named by its id or its name. */
export interface DeploymentClient
  extends CollectionClient<Deployment, UpdateDeploymentRequest, DeploymentChangeOptions> {
  /** Resolves as soon as it is wanted: `wait` tells when its replicas are there. */
  create(request: CreateDeploymentRequest, options?: Repeatable): Promise<Deployment>;
  scale(ref: string, replicas: number, options?: DeploymentChangeOptions): Promise<Deployment>;
  /** Replaces all replicas by new ones of the same kind. */
  restart(ref: string, options?: Repeatable): Promise<Deployment>;
  /** To this revision, or without a number to the last that was rolled out before. */
  rollBack(ref: string, revision?: number, options?: Repeatable): Promise<Deployment>;
  /** Newest first. */
  revisions(
    ref: string,
    query?: { readonly limit?: number; readonly cursor?: number },
    options?: Abortable,
  ): Promise<DeploymentRevisionPage>;
  /** With all its VMs. */
  delete(ref: string, options?: DeploymentChangeOptions): Promise<Deployment>;
  /**
   * Resolves when it is in this phase (default: running), with null when it is gone and `absent` was waited for. Rejects with a `VolaryApiError`
   * deployment.rollout_stopped, or deployment.wait_timeout after `timeoutSeconds` (default 30, at most 300).
   */
  wait(
    ref: string,
    wanted?: { readonly phase?: DeploymentPhase | 'absent'; readonly timeoutSeconds?: number },
    options?: Abortable,
  ): Promise<Deployment | null>;
}

export function createDeploymentClient(transport: Transport): DeploymentClient {
  const {
    get,
    list,
    listAll,
    create,
    update,
    post,
    wait,
    pathOf,
    delete: remove,
  } = createCollection<Deployment, DeploymentQuery, Pick<Deployment, 'id' | 'generation'>>(
    transport,
    '/v1/deployments',
    ({ generation }) => generation,
  );
  return {
    ...{ create, get, list, listAll, update, delete: remove },
    scale: (ref, replicas, options) => update(ref, { replicas }, options),
    restart: (ref, options) => post(ref, 'restart', {}, options),
    rollBack: (ref, revision, options) => post(ref, 'rollback', revision === undefined ? {} : { revision }, options),
    revisions: (ref, query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(ref, 'revisions'), query: { ...query }, signal }),
    wait: (ref, { phase, timeoutSeconds: timeout } = {}, options) =>
      wait(ref, { ...(phase && { phase }), ...(timeout === undefined ? {} : { timeout }) }, options),
  };
}
