import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { VmPhase } from '../../domain/vm/phase.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { Accepted, Precondition } from '../requests.ts';
import { admitWaking } from '../scheduler/admission.ts';
import { recordKeptDisks } from '../volumes/keep-disks.ts';
import { beingDeleted, mustHaveNoMachine } from './power-policy.ts';
import { type OperationDeps, requestChange } from './request-change.ts';

/** How long a guest may take to write what it still holds where its disks are kept. Then its machine ends, as by any deletion. */
const KEEP_GRACE_MS = 30_000;

export interface DeleteVmOptions extends Precondition {
  /** Its root and its own disks become volumes. */
  readonly preservesVolumes?: boolean;
  /** How long a guest that runs may take to shut down; 0, the default: its machine is ended at once. */
  readonly graceMs?: number;
  /** False: not while it runs, is paused, or is about to. Default: true. */
  readonly isForced?: boolean;
}

/** Removes a VM with everything that belongs to it, but for what is to be kept as volumes. Works from every phase; asking twice gives the same operation. */
export async function deleteVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  { preservesVolumes = false, graceMs = 0, isForced = true, ...options }: DeleteVmOptions,
): Promise<Accepted> {
  authorise(principal, 'vm:delete');
  const facts = await deps.hostProbe.measure();
  return await requestChange(
    deps,
    { principal, permission: 'vm:delete', ref, ...options },
    async (vm, active, tables) => {
      const isLeaving = vm.desired.power === 'absent' && active !== null;
      // By now its disk may be gone; what is kept, whoever asked first has decided.
      const isKeeping = isLeaving && (await tables.volumes.listKeptOf(vm.id)).length > 0;
      if (isLeaving && preservesVolumes && !isKeeping) throw beingDeleted(vm);
      const keptMs = preservesVolumes && (await mayBeAsked(deps, tables, vm, facts)) ? KEEP_GRACE_MS : 0;
      // None that sleeps is woken only to go.
      const wantedMs = preservesVolumes ? keptMs : isAwake(vm) ? graceMs : 0;
      // A guest that writes what is to be kept is left to it, whoever is less patient.
      const isHastened = !preservesVolumes && !isKeeping && wantedMs < vm.desired.graceMs;
      if (isLeaving && !isHastened) return { vm, operation: active };
      if (!isLeaving && !isForced) mustHaveNoMachine(vm);
      const change = {
        kind: 'vm.delete',
        phase: 'deleting',
        event: 'vm.deleting',
        desired: { power: 'absent', graceMs: wantedMs },
      } as const;
      if (!preservesVolumes) return change;
      const kept = await recordKeptDisks(deps, tables, principal, vm);
      const volumes = kept.map(({ id, name }) => ({ id, name }));
      return { ...change, data: { kept_volumes: volumes }, result: { volumes } };
    },
  );
}

const AWAKE: ReadonlySet<VmPhase> = new Set(['running', 'updating', 'deleting']);

function isAwake({ status }: Vm): boolean {
  return AWAKE.has(status.phase);
}

/** One that sleeps wakes for it, if there is room for that: a deletion is never refused for want of memory. Of one that is stopped there is none. */
async function mayBeAsked(deps: OperationDeps, tables: Tables, vm: Vm, facts: HostFacts): Promise<boolean> {
  if (vm.status.phase === 'stopped') return false;
  try {
    await admitWaking(tables, vm, facts, deps.config.limits);
    return true;
  } catch (error) {
    if (error instanceof VolaryError && error.code === 'resource_exhausted') return false;
    throw error;
  }
}
