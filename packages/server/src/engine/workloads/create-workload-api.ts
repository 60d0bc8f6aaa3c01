import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { presentSpec } from '../../domain/vm/settings.ts';
import type { WorkloadStatus } from '../../domain/workload/workload.ts';
import type { WorkloadApi } from '../apis/workload-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { findVm } from '../queries/find-vm.ts';
import type { Awaken } from '../suspend/awaken.ts';
import type { WorkloadKeeper } from './workload-keeper.ts';

type WorkloadApiDeps = Pick<EngineDeps, 'store' | 'clock'> & {
  readonly keeper: WorkloadKeeper;
  readonly awaken: Awaken;
};

/** Before its guest was ever asked. */
const NOT_STARTED = {
  executionId: null,
  state: 'starting',
  runs: 0,
  lastExitCode: null,
  lastSignal: null,
  lastExitAt: null,
  message: null,
} as const;

/** What can be asked of workloads. */
export function createWorkloadApi({ store, clock, keeper, awaken }: WorkloadApiDeps): WorkloadApi {
  async function get(principal: Principal, ref: string): Promise<WorkloadStatus> {
    const vm = await findVm(store, { principal, permission: 'vm:read' }, ref);
    if (presentSpec(vm).workload === null) throw noWorkload(vm.name);
    return vm.workloadStatus ?? { ...NOT_STARTED, incarnation: vm.incarnation };
  }

  return {
    get,
    async restart(principal, ref, { graceMs, signal }) {
      const asked = await findVm(store, { principal, permission: 'vm:exec' }, ref);
      if ((presentSpec(asked).workload?.argv ?? null) === null) throw noWorkload(asked.name);
      const vm = await awaken(principal, asked.id, { cause: 'exec', signal });
      await recordAudit(store, clock, principal, {
        action: 'workload.restart',
        target: auditTarget('vm', vm),
        details: { grace_ms: graceMs },
      });
      const followed = keeper.find(vm.id);
      if (followed === null) await keeper.beginAnew(vm);
      else await followed.control('run-again', { graceMs });
      return await get(principal, vm.id);
    },
  };
}

function noWorkload(name: string): VolaryError {
  return new VolaryError('not_found', `${name} has no workload that could be told anything.`, {
    reason: 'workload.none',
  });
}
