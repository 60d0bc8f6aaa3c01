import type { VmHealthReport, WorkloadStatus } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import type { Transport } from './transport.ts';

/** What VMs run, each VM by its id or name. */
export interface WorkloadClient {
  /** How the VM is, with what its last health check came to. */
  health(vmRef: string, options?: Abortable): Promise<VmHealthReport>;
  get(vmRef: string, options?: Abortable): Promise<WorkloadStatus>;
  /** Has it run anew, whatever its restart policy; `graceMs`: how long its run may take to end. */
  restart(vmRef: string, options?: Abortable & { readonly graceMs?: number }): Promise<WorkloadStatus>;
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
  };
}
