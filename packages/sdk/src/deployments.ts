import type {
  CreateDeploymentRequest,
  Deployment,
  DeploymentPage,
  DeploymentPhase,
  DeploymentRevisionPage,
  UpdateDeploymentRequest,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { ifMatch } from './if-match.ts';
import { allItems } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

export interface DeploymentQuery {
  readonly limit?: number;
  readonly cursor?: string;
  /** By labels: `a=b,c!=d,e in (f,g),!h`. */
  readonly selector?: string;
}

export interface DeploymentChangeOptions extends Abortable {
  /** Change it only if what is wanted of it is still as in this one; else a `VolaryApiError` with status 412. */
  readonly ifUnchangedSince?: Pick<Deployment, 'id' | 'generation'>;
}

/** So many VMs of one kind, kept alive. A deployment is named by its id or its name. */
export interface DeploymentClient {
  /** Resolves as soon as it is wanted: `wait` tells when its replicas are there. */
  create(request: CreateDeploymentRequest, options?: Repeatable): Promise<Deployment>;
  get(ref: string, options?: Abortable): Promise<Deployment>;
  list(query?: DeploymentQuery, options?: Abortable): Promise<DeploymentPage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<DeploymentQuery, 'cursor'>, options?: Abortable): AsyncIterable<Deployment>;
  update(ref: string, change: UpdateDeploymentRequest, options?: DeploymentChangeOptions): Promise<Deployment>;
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
  const path = '/v1/deployments';
  const pathOf = (ref: string, verb?: string) =>
    `${path}/${encodeURIComponent(ref)}${verb === undefined ? '' : `/${verb}`}`;
  const client: DeploymentClient = {
    create: (request, options = {}) => postJsonOnce(transport, { path, json: request, ...options }),
    get: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref), signal }),
    list: (query = {}, { signal } = {}) => transport.json({ method: 'GET', path, query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    update: (ref, change, options = {}) =>
      transport.json({ method: 'PATCH', path: pathOf(ref), json: change, ...guarded(options) }),
    scale: (ref, replicas, options = {}) => client.update(ref, { replicas }, options),
    restart: (ref, options = {}) => postJsonOnce(transport, { path: pathOf(ref, 'restart'), json: {}, ...options }),
    rollBack: (ref, revision, options = {}) =>
      postJsonOnce(transport, {
        path: pathOf(ref, 'rollback'),
        json: revision === undefined ? {} : { revision },
        ...options,
      }),
    revisions: (ref, query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(ref, 'revisions'), query: { ...query }, signal }),
    delete: (ref, options = {}) => transport.json({ method: 'DELETE', path: pathOf(ref), ...guarded(options) }),
    wait: async (ref, { phase, timeoutSeconds } = {}, { signal } = {}) => {
      const query = {
        ...(phase === undefined ? {} : { phase }),
        ...(timeoutSeconds === undefined ? {} : { timeout: timeoutSeconds }),
      };
      const response = await transport.send({ method: 'GET', path: pathOf(ref, 'wait'), query, signal });
      if (response.status === 204) return null;
      const deployment: Deployment = JSON.parse(await response.text());
      return deployment;
    },
  };
  return client;
}

function guarded({ ifUnchangedSince: seen, signal }: DeploymentChangeOptions) {
  return { ...ifMatch(seen && { id: seen.id, version: seen.generation }), signal };
}
