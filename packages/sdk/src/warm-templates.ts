import type { AcceptedOperation, BuildWarmTemplateRequest, WarmTemplatePage } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

/** The guests that new VMs can begin from as forks. */
export interface WarmTemplateClient {
  list(options?: Abortable): Promise<WarmTemplatePage>;
  /** Resolves as soon as it is accepted: the result of the operation that `operations.finish` gives names it by its `key`. */
  build(request?: BuildWarmTemplateRequest, options?: Repeatable): Promise<AcceptedOperation>;
  /** By its key. */
  remove(key: string, options?: Abortable): Promise<void>;
}

export function createWarmTemplateClient(transport: Transport): WarmTemplateClient {
  const path = '/v1/warm-templates';
  return {
    list: ({ signal } = {}) => transport.json({ method: 'GET', path, signal }),
    build: (request = {}, options = {}) => postJsonOnce(transport, { path, json: request, ...options }),
    remove: async (key, { signal } = {}) => {
      await transport.send({ method: 'DELETE', path: `${path}/${encodeURIComponent(key)}`, signal });
    },
  };
}
