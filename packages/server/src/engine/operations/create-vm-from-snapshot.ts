import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { type Snapshot, titleOf } from '../../domain/snapshot/snapshot.ts';
import { totalDiskGib } from '../../domain/vm/extra-disk.ts';
import { checkVmSpec, VM_DEFAULTS, type VmSpec } from '../../domain/vm/spec.ts';
import { authorise } from '../access/authorise.ts';
import type { RestoredVmRequest } from '../apis/snapshot-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallChange } from '../idempotency/recall.ts';
import { findReadySnapshot } from '../queries/find-snapshot.ts';
import type { Accepted, Once } from '../requests.ts';
import { admitDisk, admitMemory } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { grantsFor, inheritedGrants } from '../secrets/grants.ts';
import { checkNewVm, newVm, storeVm } from './new-vm.ts';
import { announce, doneTo, type OperationDeps } from './request-change.ts';

/** Stores a VM whose first life begins from a snapshot. */
export async function createVmFromSnapshot(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  request: RestoredVmRequest,
  { once }: Once = {},
): Promise<Accepted> {
  authorise(principal, 'vm:create');
  authorise(principal, 'snapshot:read');
  const earlier = await recallChange(deps, once);
  if (earlier !== null) return earlier;
  checkNewVm(request);
  const accepted = await makingRoom(deps, (facts) =>
    deps.store.transaction(async (tables) => {
      const snapshot = await findReadySnapshot(tables, { principal, permission: 'snapshot:read' }, ref);
      const spec = specFrom(snapshot, request.spec);
      const promised = await tables.vms.promised();
      admitMemory(spec.memoryMib, facts, promised, deps.config.limits);
      admitDisk(totalDiskGib(spec), facts, promised, deps.config.limits);
      const origin = { snapshotId: snapshot.id, incarnation: 1, disk: 'made' } as const;
      const whose = { principal, owner: principal.name };
      const secrets =
        request.secrets === undefined
          ? await inheritedGrants(tables, whose, snapshot)
          : await grantsFor(tables, whose, request.secrets);
      const made = newVm(deps, principal, { ...request, spec, origin, start: true, secrets });
      await storeVm(deps, tables, principal, made);
      await recordAudit(tables, deps.clock, principal, doneTo(made, { snapshot_id: snapshot.id }));
      await bindKey(tables, deps.clock, once, { kind: 'operation', id: made.operation.id });
      return made;
    }),
  );
  announce(deps, accepted);
  return accepted;
}

/** Memory and processors are what they were; a disk can grow. */
function specFrom(snapshot: Snapshot, asked: RestoredVmRequest['spec']): VmSpec {
  const { restartPolicy, autoSuspend, autoWake } = VM_DEFAULTS;
  const spec: VmSpec = { ...snapshot.spec, restartPolicy, autoSuspend, autoWake, ...asked };
  const { vcpuCount, memoryMib, diskGib } = snapshot.spec;
  if (spec.vcpuCount !== vcpuCount) throw otherSize(snapshot, 'vcpus', vcpuCount, vcpuCount);
  if (spec.memoryMib !== memoryMib) throw otherSize(snapshot, 'memory_mib', memoryMib, memoryMib);
  if (spec.diskGib < diskGib) throw otherSize(snapshot, 'disk_gib', diskGib, `at least ${diskGib}`);
  checkVmSpec(spec);
  return spec;
}

function otherSize(snapshot: Snapshot, field: string, minimum: number, allowed: number | string): VolaryError {
  return new VolaryError(
    'invalid_argument',
    `${field} must be ${allowed}, since ${titleOf(snapshot)} was saved with ${minimum}.`,
    { reason: 'snapshot.other_size', details: { field, allowed, saved: minimum } },
  );
}
