import type { SnapshotApi } from '../apis/snapshot-api.ts';
import { createSnapshot } from '../operations/create-snapshot.ts';
import { createVmFromSnapshot } from '../operations/create-vm-from-snapshot.ts';
import { type DeleteSnapshotDeps, deleteSnapshot } from '../operations/delete-snapshot.ts';
import { forkVm } from '../operations/fork-vm.ts';
import { restoreVm } from '../operations/restore-vm.ts';
import { createSnapshotQueries } from '../queries/snapshots.ts';

/** The snapshots of engine.ts, of the operations and queries about them. */
export function createSnapshotApi(deps: DeleteSnapshotDeps): SnapshotApi {
  return {
    create: (principal, vmRef, request, options) => createSnapshot(deps, principal, vmRef, request, options),
    delete: (principal, ref, unchanged) => deleteSnapshot(deps, principal, ref, unchanged),
    createVm: (principal, ref, request, options) => createVmFromSnapshot(deps, principal, ref, request, options),
    fork: (principal, vmRef, request, options) => forkVm(deps, principal, vmRef, request, options),
    restore: (principal, vmRef, options) => restoreVm(deps, principal, vmRef, options),
    ...createSnapshotQueries(deps),
  };
}
