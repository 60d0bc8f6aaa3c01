import type { AcceptedVolume, CreateVolumeRequest, UpdateVolumeRequest, Volume, VolumePage } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { ifMatch } from './if-match.ts';
import { allItems } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

export interface VolumeQuery {
  readonly limit?: number;
  readonly cursor?: string;
  /** By labels: `a=b,c!=d,e in (f,g),!h`. */
  readonly selector?: string;
}

export interface VolumeChangeOptions extends Abortable {
  /** Change it only if its revision is still that of this volume; else a `VolaryApiError` with status 412. */
  readonly ifUnchangedSince?: Pick<Volume, 'id' | 'revision'>;
}

/** Disks of their own, by id or name. What takes time resolves when it is accepted: `operations.finish` tells how it ends. */
export interface VolumeClient {
  create(request: CreateVolumeRequest, options?: Repeatable): Promise<AcceptedVolume>;
  get(ref: string, options?: Abortable): Promise<Volume>;
  list(query?: VolumeQuery, options?: Abortable): Promise<VolumePage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<VolumeQuery, 'cursor'>, options?: Abortable): AsyncIterable<Volume>;
  update(ref: string, request: UpdateVolumeRequest, options?: VolumeChangeOptions): Promise<Volume>;
  delete(ref: string, options?: VolumeChangeOptions): Promise<AcceptedVolume>;
}

export function createVolumeClient(transport: Transport): VolumeClient {
  const path = '/v1/volumes';
  const pathOf = (ref: string) => `${path}/${encodeURIComponent(ref)}`;
  const guardOf = (seen: VolumeChangeOptions['ifUnchangedSince']) =>
    ifMatch(seen && { id: seen.id, version: seen.revision });
  const client: VolumeClient = {
    create: (request, options = {}) => postJsonOnce(transport, { path, json: request, ...options }),
    get: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref), signal }),
    list: (query = {}, { signal } = {}) => transport.json({ method: 'GET', path, query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    update: (ref, request, { ifUnchangedSince, signal } = {}) =>
      transport.json({ method: 'PATCH', path: pathOf(ref), json: request, ...guardOf(ifUnchangedSince), signal }),
    delete: (ref, { ifUnchangedSince, signal } = {}) =>
      transport.json({ method: 'DELETE', path: pathOf(ref), ...guardOf(ifUnchangedSince), signal }),
  };
  return client;
}
