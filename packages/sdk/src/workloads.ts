import type { ActRequest, VmHealthReport, WorkloadAnswer, WorkloadStatus } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

/** What VMs run, each VM by its id or name. */
export interface WorkloadClient {
  /** How the VM is, with what its last health check came to. */
  health(vmRef: string, options?: Abortable): Promise<VmHealthReport>;
  get(vmRef: string, options?: Abortable): Promise<WorkloadStatus>;
  /** Has it run anew, whatever its restart policy; `graceMs`: how long its run may take to end. */
  restart(vmRef: string, options?: Abortable & { readonly graceMs?: number }): Promise<WorkloadStatus>;
  /** Its OpenAPI document. */
  openapi(vmRef: string, options?: Abortable): Promise<Readonly<Record<string, unknown>>>;
  /** Tells it to do one of its actions; what is given is sent as JSON. */
  act(vmRef: string, action: string, request?: ActRequest, options?: Repeatable): Promise<WorkloadAnswer>;
}

export function createWorkloadClient(transport: Transport): WorkloadClient {
  const pathOf = (ref: string, rest: string) => `/v1/vms/${encodeURIComponent(ref)}/${rest}`;
  return {
    health: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref, 'health'), signal }),
    get: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref, 'workload'), signal }),
    restart: (ref, { graceMs, signal } = {}) =>
      transport.json({
        method: 'POST',
        path: pathOf(ref, 'workload/restart'),
        json: graceMs === undefined ? {} : { grace_ms: graceMs },
        signal,
      }),
    openapi: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref, 'openapi'), signal }),
    act: (ref, action, request = {}, options = {}) =>
      postJsonOnce(transport, {
        path: pathOf(ref, `actions/${encodeURIComponent(action)}`),
        json: request,
        ...options,
      }),
  };
}
