import type {
  AcceptedOperation,
  AcceptedSnapshot,
  CreateSnapshotRequest,
  RestoredVmRequest,
  Snapshot,
  SnapshotPage,
  SnapshotState,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { ifMatch } from './if-match.ts';
import { allItems } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

export interface SnapshotQuery {
  readonly limit?: number;
  readonly cursor?: string;
  /** Id or name of the VM that was saved. */
  readonly vm?: string;
  readonly state?: SnapshotState;
  /** By labels: `a=b,c!=d,e in (f,g),!h`. */
  readonly selector?: string;
}

export interface SnapshotChangeOptions extends Abortable {
  /** Delete it only if its revision is still that of this snapshot; else a `VolaryApiError` with status 412. */
  readonly ifUnchangedSince?: Pick<Snapshot, 'id' | 'revision'>;
}

/** Saved VMs, by id or name. Changes resolve when they are accepted: `operations.finish` tells how they end. */
export interface SnapshotClient {
  /** Saves a VM that is running or paused, by its id or name. */
  create(vm: string, request?: CreateSnapshotRequest, options?: Repeatable): Promise<AcceptedSnapshot>;
  get(ref: string, options?: Abortable): Promise<Snapshot>;
  list(query?: SnapshotQuery, options?: Abortable): Promise<SnapshotPage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<SnapshotQuery, 'cursor'>, options?: Abortable): AsyncIterable<Snapshot>;
  delete(ref: string, options?: SnapshotChangeOptions): Promise<AcceptedSnapshot>;
  /** A VM that goes on where the snapshot was taken. */
  createVm(ref: string, request?: RestoredVmRequest, options?: Repeatable): Promise<AcceptedOperation>;
}

export function createSnapshotClient(transport: Transport): SnapshotClient {
  const pathOf = (ref: string) => `/v1/snapshots/${encodeURIComponent(ref)}`;
  const client: SnapshotClient = {
    create: (vm, request = {}, options = {}) =>
      postJsonOnce(transport, { path: `/v1/vms/${encodeURIComponent(vm)}/snapshots`, json: request, ...options }),
    get: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref), signal }),
    list: (query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/snapshots', query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    delete: (ref, { ifUnchangedSince: seen, signal } = {}) => {
      const guard = ifMatch(seen && { id: seen.id, version: seen.revision });
      return transport.json({ method: 'DELETE', path: pathOf(ref), ...guard, signal });
    },
    createVm: (ref, request = {}, options = {}) =>
      postJsonOnce(transport, { path: `${pathOf(ref)}/vms`, json: request, ...options }),
  };
  return client;
}
