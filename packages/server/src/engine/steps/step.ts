import type { Image } from '../../domain/image/image.ts';
import type { OperationProgress } from '../../domain/operation/operation.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import { noGrowth, sizeOfSpec, type VmMachine } from '../../domain/vm/machine-shape.ts';
import { presentSpec } from '../../domain/vm/settings.ts';
import type { Origin, Vm } from '../../domain/vm/vm.ts';
import type { MachineSpec, SavedRef } from '../../ports/driver.ts';
import type { Pack } from '../../ports/machine-packs.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import type { LogIntake } from '../logs/log-intake.ts';
import type { NetworkKeeper } from '../networks/network-keeper.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import type { WarmStarts } from '../warm/warm-starts.ts';
import type { RestoreWatch } from './restore-watch.ts';

export type StepDeps = Pick<EngineDeps, 'driver' | 'images' | 'tools' | 'store' | 'bus' | 'clock' | 'log'> & {
  readonly config: EngineConfig;
  readonly links: GuestLinks;
  readonly warm: WarmStarts;
  readonly secrets: SecretDelivery;
  readonly networkKeeper: Pick<NetworkKeeper, 'join'>;
  readonly logIntake: Pick<LogIntake, 'drain' | 'tellLost'>;
  readonly restores: RestoreWatch;
};

export interface StepContext {
  readonly vm: Vm;
  /** The image its disk is to be made from; null while it is not on the host, and when there is a disk. */
  readonly image: Image | null;
  /** All that its machine is to have, where it lacks any of them; null while not all are on the host. */
  readonly packs: readonly Pack[] | null;
  /** Aborted when the step's time is over, somebody wants something else of the VM, or the server stops. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: OperationProgress) => void;
}

/** What a step has learnt; written to the VM's row together with the step's end. */
export type StepResult = Partial<
  Pick<
    Vm,
    | 'spec'
    | 'handle'
    | 'machine'
    | 'imageDigest'
    | 'origin'
    | 'incarnation'
    | 'startedAt'
    | 'pid'
    | 'health'
    | 'suspension'
  >
>;

/**
 * One idempotent piece of work towards what is wanted: it measures, then acts, and doing it twice is doing it once.
 * Undoing is not its business: that is the plan towards `absent`.
 */
export type Step = (deps: StepDeps, context: StepContext) => Promise<StepResult>;

/** Of a guest that has just answered: what runs in it has not been asked yet. */
export function firstHealth(vm: Pick<Vm, 'spec' | 'machine'>): 'healthy' | 'starting' {
  return presentSpec(vm).healthCheck === null ? 'healthy' : 'starting';
}

/** The machine that this VM wants, for the driver. One that goes on from a saved machine is as that was, whatever its VM has been changed to meanwhile. */
export async function machineSpec({ store }: Pick<StepDeps, 'store'>, vm: Vm): Promise<MachineSpec> {
  const { id: vmId, name, spec, labels } = vm;
  const { incarnation } = vm.desired;
  const machine = { vmId, name, incarnation, spec, labels };
  if (!isFromSnapshot(vm)) return machine;
  const saved = await store.snapshots.get(vm.origin.snapshotId);
  const present = saved === null ? spec : presentSpec({ spec, machine: savedMachine(vm, saved) });
  return { ...machine, spec: present, from: savedRef(vm.origin) };
}

/** Whether the wanted life begins from a snapshot. */
export function isFromSnapshot(vm: Vm): vm is Vm & { readonly origin: Origin } {
  return vm.origin?.incarnation === vm.desired.incarnation;
}

/** The same, with its place on its network. Throws `unavailable` network.host_failed. */
export async function joined<M extends MachineSpec>(
  { networkKeeper }: Pick<StepDeps, 'networkKeeper'>,
  vm: Vm,
  machine: M,
  signal: AbortSignal,
): Promise<M> {
  const network = await networkKeeper.join(vm, { signal });
  return network === null ? machine : { ...machine, network };
}

/** The machine that this suspended VM goes on as: what its spec has become since is nothing to it. */
export async function wokenSpec(deps: Pick<StepDeps, 'store'>, vm: Vm): Promise<MachineSpec> {
  return { ...(await machineSpec(deps, vm)), spec: presentSpec(vm) };
}

/** What is written down of a machine that was just started for this VM. One that goes on from a saved machine goes on with what ran in that. */
export async function startedMachine({ store }: Pick<StepDeps, 'store'>, vm: Vm): Promise<VmMachine> {
  const saved = isFromSnapshot(vm) ? await store.snapshots.get(vm.origin.snapshotId) : null;
  if (saved !== null) return savedMachine(vm, saved);
  const { name, spec } = vm;
  const { workload, healthCheck, network } = spec;
  const size = sizeOfSpec(spec);
  return { ...size, growth: noGrowth(size), name, networkMode: network.mode, workload, healthCheck };
}

/** The machine that goes on from this snapshot for this VM. Its disk is a copy that can be as large as is wanted. */
function savedMachine({ name, spec }: Vm, { spec: saved }: Snapshot): VmMachine {
  const { vcpuCount, memoryMib, network, workload, healthCheck } = saved;
  const size = { vcpuCount, memoryMib, diskGib: spec.diskGib };
  return { ...size, growth: noGrowth(size), name, networkMode: network.mode, workload, healthCheck };
}

/** The saved machine, for the driver. */
export function savedRef({ snapshotId }: Origin): Extract<SavedRef, { kind: 'snapshot' }> {
  return { kind: 'snapshot', id: snapshotId };
}

/** The image, where the plan has made sure that there is one. */
export function requireImage({ image }: StepContext): Image {
  if (image === null) throw new TypeError('the plan chose a step that needs the image without its being there');
  return image;
}
