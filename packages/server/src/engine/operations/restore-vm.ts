import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { type Snapshot, titleOf } from '../../domain/snapshot/snapshot.ts';
import { nextIncarnation, type Vm } from '../../domain/vm/vm.ts';
import { authorise } from '../access/authorise.ts';
import { findReadySnapshot } from '../queries/find-snapshot.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { admitMemory } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { mayChangePower } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** Asks for a life of the VM that goes on from a snapshot; its memory and its disk of now are given up for it. */
export async function restoreVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  { snapshot: snapshotRef, ...options }: Precondition & { readonly snapshot: string },
): Promise<Accepted> {
  authorise(principal, 'vm:power');
  authorise(principal, 'snapshot:read');
  return await makingRoom(deps, (facts) =>
    requestChange(deps, { principal, permission: 'vm:power', ref, ...options }, async (vm, _active, tables) => {
      mayChangePower(vm);
      const snapshot = await findReadySnapshot(tables, { principal, permission: 'snapshot:read' }, snapshotRef);
      checkFits(vm, snapshot);
      if (vm.desired.power === 'stopped' || vm.desired.power === 'suspended')
        admitMemory(vm.spec.memoryMib, facts, await tables.vms.promised(), deps.config.limits);
      // A machine that an earlier restore has just started is in the way of this one, and must not be taken for its own.
      const incarnation = nextIncarnation(vm);
      return {
        kind: 'vm.restore',
        phase: 'restarting',
        event: 'vm.restarting',
        desired: { power: 'running', incarnation },
        origin: { snapshotId: snapshot.id, incarnation, disk: 'awaited' },
        data: { snapshot_id: snapshot.id },
      };
    }),
  );
}

/** Throws `failed_precondition` snapshot.other_spec, naming the first field in which the two differ. */
function checkFits(vm: Vm, snapshot: Snapshot): void {
  requireNoVolumes(vm);
  const { spec } = snapshot;
  const differences = [
    ['vcpus', vm.spec.vcpuCount, spec.vcpuCount],
    ['memory_mib', vm.spec.memoryMib, spec.memoryMib],
    ['network.mode', vm.spec.network.mode, spec.network.mode],
    ['image_digest', vm.imageDigest, snapshot.imageDigest],
    ['disk_gib', Math.min(vm.spec.diskGib, spec.diskGib), spec.diskGib],
  ] as const;
  const other = differences.find(([, ofVm, saved]) => ofVm !== saved);
  if (other === undefined) return;
  const [field, ofVm, saved] = other;
  throw new VolaryError(
    'failed_precondition',
    `${vm.name} cannot become what ${titleOf(snapshot)} was: its ${field} is ${ofVm}, not ${saved}. Make a VM from the snapshot instead.`,
    { reason: 'snapshot.other_spec', details: { field, vm: ofVm, snapshot: saved } },
  );
}

/** What is in a volume is not the VM's to take back. Throws `failed_precondition` snapshot.has_volumes. */
function requireNoVolumes({ name, spec }: Vm): void {
  const disk = spec.disks.find(({ volume }) => volume !== null);
  if (disk === undefined) return;
  throw new VolaryError(
    'failed_precondition',
    `${name} cannot be restored in place: its disk ${disk.name} is a volume, which would not go back with it. Make a VM from the snapshot instead.`,
    { reason: 'snapshot.has_volumes', details: { disk: disk.name } },
  );
}
