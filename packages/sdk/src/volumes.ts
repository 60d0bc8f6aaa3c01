import type {
  AcceptedVolume,
  CreateVolumeRequest,
  UpdateVolumeRequest,
  Vm,
  VmVolumeRequest,
  Volume,
} from '@volary/contract';
import { type ChangeOptions, type CollectionClient, createCollection } from './collection.ts';
import { ifMatch } from './if-match.ts';
import type { SelectedPageQuery } from './pages.ts';
import type { Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

export type VolumeQuery = SelectedPageQuery;

/** `ifUnchangedSince`: change it only if its revision is still that of this volume; else a `VolaryApiError` with status 412. */
export type VolumeChangeOptions = ChangeOptions<Pick<Volume, 'id' | 'revision'>>;

/** The same of a VM. */
type VmChangeOptions = ChangeOptions<Pick<Vm, 'id' | 'revision'>>;

/** Disks of their own, by id or name. What takes time resolves when it is accepted: `operations.finish` tells how it ends. */
export interface VolumeClient extends CollectionClient<Volume, UpdateVolumeRequest, VolumeChangeOptions> {
  create(request: CreateVolumeRequest, options?: Repeatable): Promise<AcceptedVolume>;
  /** Gives a stopped VM, by id or name, a volume. */
  attach(vm: string, request: VmVolumeRequest, options?: VmChangeOptions): Promise<Vm>;
  /** Takes it from there; `disk`: what it is called there. */
  detach(vm: string, disk: string, options?: VmChangeOptions): Promise<Vm>;
  delete(ref: string, options?: VolumeChangeOptions): Promise<AcceptedVolume>;
}

export function createVolumeClient(transport: Transport): VolumeClient {
  const {
    get,
    list,
    listAll,
    create,
    update,
    delete: remove,
  } = createCollection<Volume, VolumeQuery, Pick<Volume, 'id' | 'revision'>>(
    transport,
    '/v1/volumes',
    ({ revision }) => revision,
  );
  const asked = (vm: string, { ifUnchangedSince: seen, signal }: VmChangeOptions, disk = '') => ({
    path: `/v1/vms/${encodeURIComponent(vm)}/volumes${disk === '' ? '' : `/${encodeURIComponent(disk)}`}`,
    ...ifMatch(seen && { id: seen.id, version: seen.revision }),
    signal,
  });
  return {
    ...{ create, get, list, listAll, update, delete: remove },
    attach: (vm, request, options = {}) => transport.json({ method: 'POST', json: request, ...asked(vm, options) }),
    detach: (vm, disk, options = {}) => transport.json({ method: 'DELETE', ...asked(vm, options, disk) }),
  };
}
