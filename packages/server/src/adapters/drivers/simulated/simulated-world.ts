import type { SnapshotId, VmId } from '../../../domain/ids.ts';
import type { EpochMs } from '../../../domain/time.ts';
import type { Clock } from '../../../ports/clock.ts';
import { createFaultLedger, type FaultLedger } from './fault-ledger.ts';
import type { KeptVm, VmKeeper } from './kept-vm.ts';
import { rememberSavedVms, type SavedVms } from './saved-vm.ts';
import { SimulatedVm } from './simulated-vm.ts';
import { rememberVolumes, type SimulatedVolumes } from './simulated-volumes.ts';

/** A simulated host. It outlives the drivers that work on it, as a real host does, and with a keeper also this process. */
export interface SimulatedWorld {
  readonly clock: Clock;
  /** When this process began to simulate it. */
  readonly startedAt: EpochMs;
  readonly vms: ReadonlyMap<VmId, SimulatedVm>;
  readonly faults: FaultLedger;
  readonly saved: SavedVms<SnapshotId>;
  /** Warm templates, by their keys. */
  readonly templates: SavedVms<string>;
  readonly volumes: SimulatedVolumes;
  /** The VM, made if there is none: with its disk, from this image. `isSpare`: nobody has been in it. */
  make(vmId: VmId, imageDigest: string, options?: { readonly isSpare: boolean }): SimulatedVm;
  remove(vmId: VmId): void;
  /** Calls the listener with each VM that changes, until the returned function is called. */
  onChange(listener: (vmId: VmId) => void): () => void;
}

/** The host whose VMs the keeper has, or an empty one that is lost with this process; its time is this clock's. */
export function createSimulatedWorld({
  clock,
  keeper = null,
  saved = rememberSavedVms(),
  templates = rememberSavedVms(),
  volumes = rememberVolumes(),
}: {
  readonly clock: Clock;
  readonly keeper?: VmKeeper | null;
  readonly saved?: SavedVms<SnapshotId>;
  readonly templates?: SavedVms<string>;
  readonly volumes?: SimulatedVolumes;
}): SimulatedWorld {
  const faults = createFaultLedger((vmId) => keep(vmId));
  const vms = new Map<VmId, SimulatedVm>();
  const listeners = new Set<(vmId: VmId) => void>();
  const tell = (vmId: VmId): void => {
    for (const listener of listeners) listener(vmId);
  };
  function keep(vmId: VmId): void {
    const vm = vms.get(vmId);
    if (vm !== undefined) keeper?.write(vmId, { ...vm.kept, faults: faults.keep(vmId) });
  }
  function add(vmId: VmId, made: { readonly imageDigest: string; readonly isSpare: boolean }, kept: KeptVm | null) {
    const plan = kept === null ? faults.plan(vmId) : faults.restore(vmId, kept.faults);
    const vm = new SimulatedVm(
      { vmId, ...made, clock, onChange: () => tell(vmId), onKeep: () => keep(vmId) },
      kept,
      plan,
    );
    vms.set(vmId, vm);
    return vm;
  }
  for (const [vmId, kept] of keeper?.readAll() ?? [])
    add(vmId, { imageDigest: kept.imageDigest, isSpare: kept.isSpare === true }, kept);
  return {
    clock,
    startedAt: clock.now(),
    vms,
    faults,
    saved,
    templates,
    volumes,
    make(vmId, imageDigest, { isSpare } = { isSpare: false }) {
      const known = vms.get(vmId);
      if (known !== undefined) return known;
      const vm = add(vmId, { imageDigest, isSpare }, null);
      keep(vmId);
      return vm;
    },
    remove(vmId) {
      vms.delete(vmId);
      keeper?.remove(vmId);
      faults.forget(vmId);
      tell(vmId);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
