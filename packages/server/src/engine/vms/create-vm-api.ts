import type { VmApi } from '../apis/vm-api.ts';
import type { ChangeDeps } from '../create-deps.ts';
import { createVm } from '../operations/create-vm.ts';
import { deleteVm } from '../operations/delete-vm.ts';
import { migrateVm } from '../operations/migrate-vm.ts';
import { pauseVm } from '../operations/pause-vm.ts';
import { restartVm } from '../operations/restart-vm.ts';
import { resumeVm } from '../operations/resume-vm.ts';
import { rollBackVm } from '../operations/roll-back-vm.ts';
import { startVm } from '../operations/start-vm.ts';
import { stopVm } from '../operations/stop-vm.ts';
import { suspendVm } from '../operations/suspend-vm.ts';
import { updateVm } from '../operations/update-vm.ts';
import { createRevisionQueries } from '../queries/vm-revisions.ts';
import { createVmQueries } from '../queries/vms.ts';
import type { Activity } from '../sessions/activity.ts';
import type { Awaken } from '../suspend/awaken.ts';
import type { BuiltInTemplates } from '../templates/sync-built-in.ts';

/** Makes VMs, those of a template once the built-in ones are known. */
export function createVmOnce(deps: ChangeDeps, { whenKnown }: BuiltInTemplates): VmApi['create'] {
  return async (principal, request, options) => {
    if (request.template !== undefined) await whenKnown();
    return await createVm(deps, principal, request, options);
  };
}

/** The VMs of engine.ts. */
export function createVmApi(
  deps: ChangeDeps,
  parts: { readonly createVm: VmApi['create']; readonly awaken: Awaken; readonly activity: Activity },
): VmApi {
  return {
    create: parts.createVm,
    start: (principal, ref, options) => startVm(deps, principal, ref, options),
    stop: (principal, ref, options) => stopVm(deps, principal, ref, options),
    restart: (principal, ref, options) => restartVm(deps, principal, ref, options),
    pause: (principal, ref, options) => pauseVm(deps, principal, ref, options),
    update: (principal, ref, request, options) => updateVm(deps, principal, ref, request, options),
    rollBack: (principal, ref, options) => rollBackVm(deps, principal, ref, options),
    suspend: (principal, ref, options) => suspendVm(deps, principal, ref, options),
    resume: (principal, ref, options) => resumeVm(deps, principal, ref, options),
    delete: (principal, ref, options) => deleteVm(deps, principal, ref, options),
    migrate: (principal, ref, request) => migrateVm(deps, principal, ref, request),
    ...createVmQueries({ ...deps, ...parts }),
    ...createRevisionQueries(deps),
  };
}
