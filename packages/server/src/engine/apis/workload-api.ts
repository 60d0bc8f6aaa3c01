import type { Principal } from '../../domain/principal/principal.ts';
import type { WorkloadStatus } from '../../domain/workload/workload.ts';
import type { Abortable } from '../../ports/guest-link.ts';

/** What can be asked of the workload of a VM. */
export interface WorkloadApi {
  /** How the workload is. Throws `not_found` workload.none if the VM has none. */
  get(principal: Principal, ref: string): Promise<WorkloadStatus>;
  /**
   * Has it run anew, whatever its policy and how it ended; resolves when its guest is told. A suspended VM is woken. Throws `not_found`
   * workload.none, `failed_precondition` vm.not_running.
   */
  restart(
    principal: Principal,
    ref: string,
    options: Abortable & { readonly graceMs: number },
  ): Promise<WorkloadStatus>;
}
