import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { EngineDeps } from '../deps.ts';
import type { HealthWatch, LastCheck } from '../health/health-watch.ts';
import { findVm } from '../queries/find-vm.ts';

/** How a VM is, and what told so. */
export interface HealthReport {
  readonly vm: Vm;
  /** Null where it has no check, or none has been made by this server yet. */
  readonly lastCheck: LastCheck | null;
}

export interface HealthApi {
  get(principal: Principal, ref: string): Promise<HealthReport>;
}

export function createHealthApi(deps: Pick<EngineDeps, 'store'> & { readonly watch: HealthWatch }): HealthApi {
  return {
    async get(principal, ref) {
      const vm = await findVm(deps.store, { principal, permission: 'vm:read' }, ref);
      return { vm, lastCheck: vm.spec.healthCheck === null ? null : deps.watch.lastCheck(vm.id) };
    },
  };
}
