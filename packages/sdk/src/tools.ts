import type {
  AcceptedOperation,
  BuildToolRequest,
  RemovedTools,
  ToolEntry,
  ToolPage,
  UpdateLabelsRequest,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import type { SelectedQuery } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

/** The tools that VMs can be given. */
export interface ToolClient {
  list(query?: SelectedQuery, options?: Abortable): Promise<ToolPage>;
  /** Resolves as soon as it is accepted: the result of the operation that `operations.finish` gives has its version and digest. */
  build(name: string, request?: BuildToolRequest, options?: Repeatable): Promise<AcceptedOperation>;
  update(name: string, change: UpdateLabelsRequest, options?: Abortable): Promise<ToolEntry>;
  /** By name (all versions), `name@version` or digest. */
  remove(ref: string, options?: Abortable): Promise<RemovedTools>;
}

export function createToolClient(transport: Transport): ToolClient {
  const path = '/v1/tools';
  return {
    list: (query = {}, { signal } = {}) => transport.json({ method: 'GET', path, query: { ...query }, signal }),
    build: (name, request = {}, options = {}) =>
      postJsonOnce(transport, { path: `${path}/${encodeURIComponent(name)}/build`, json: request, ...options }),
    update: (name, change, { signal } = {}) =>
      transport.json({ method: 'PATCH', path: `${path}/${encodeURIComponent(name)}`, json: change, signal }),
    remove: (ref, { signal } = {}) =>
      transport.json({ method: 'DELETE', path: `${path}/${encodeURIComponent(ref)}`, signal }),
  };
}
