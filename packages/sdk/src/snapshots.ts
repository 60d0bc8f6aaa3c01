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
import { type ChangeOptions, createCollection } from './collection.ts';
import type { SelectedPageQuery } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

export interface SnapshotQuery extends SelectedPageQuery {
  /** Id or name of the VM that was saved. */
  readonly vm?: string;
  readonly state?: SnapshotState;
}

/** `ifUnchangedSince`: delete it only if its revision is still that of this snapshot; else a `VolaryApiError` with status 412. */
export type SnapshotChangeOptions = ChangeOptions<Pick<Snapshot, 'id' | 'revision'>>;

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
  const {
    get,
    list,
    listAll,
    post,
    delete: remove,
  } = createCollection<Snapshot, SnapshotQuery, Pick<Snapshot, 'id' | 'revision'>>(
    transport,
    '/v1/snapshots',
    ({ revision }) => revision,
  );
  return {
    ...{ get, list, listAll, delete: remove },
    create: (vm, request = {}, options = {}) =>
      postJsonOnce(transport, { path: `/v1/vms/${encodeURIComponent(vm)}/snapshots`, json: request, ...options }),
    createVm: (ref, request = {}, options) => post(ref, 'vms', request, options),
  };
}
