import type {
  AcceptedOperation,
  DefineImageRequest,
  ImageEntry,
  ImagePage,
  RemovedImages,
  UpdateLabelsRequest,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import type { SelectedQuery } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

/** What VMs' disks begin with. */
export interface ImageClient {
  list(query?: SelectedQuery, options?: Abortable): Promise<ImagePage>;
  get(name: string, options?: Abortable): Promise<ImageEntry>;
  /** Imports a disk image under a name. Resolves as soon as it is accepted: `operations.finish` tells how it ends. */
  define(request: DefineImageRequest, options?: Repeatable): Promise<AcceptedOperation>;
  /** Resolves as soon as it is accepted: `operations.finish` tells how it ends. */
  build(name: string, options?: Repeatable): Promise<AcceptedOperation>;
  update(name: string, change: UpdateLabelsRequest, options?: Abortable): Promise<ImageEntry>;
  /** By name (all its versions) or digest. */
  remove(ref: string, options?: Abortable): Promise<RemovedImages>;
}

export function createImageClient(transport: Transport): ImageClient {
  const path = '/v1/images';
  const pathOf = (ref: string) => `${path}/${encodeURIComponent(ref)}`;
  return {
    list: (query = {}, { signal } = {}) => transport.json({ method: 'GET', path, query: { ...query }, signal }),
    get: (name, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(name), signal }),
    define: (request, options = {}) => postJsonOnce(transport, { path, json: request, ...options }),
    build: (name, options = {}) => postJsonOnce(transport, { path: `${pathOf(name)}/build`, json: {}, ...options }),
    update: (name, change, { signal } = {}) =>
      transport.json({ method: 'PATCH', path: pathOf(name), json: change, signal }),
    remove: (ref, { signal } = {}) => transport.json({ method: 'DELETE', path: pathOf(ref), signal }),
  };
}
