import type { VmId } from '../../../domain/ids.ts';
import type { EpochMs } from '../../../domain/time.ts';
import type { Clock } from '../../../ports/clock.ts';
import { createFaultLedger, type FaultLedger } from './fault-ledger.ts';
import type { KeptVm, VmKeeper } from './kept-vm.ts';
import { createSavedVms, type SavedVms } from './saved-vm.ts';
import { SimulatedVm } from './simulated-vm.ts';

/** A simulated host. It outlives the drivers that work on it, as a real host does, and with a keeper also this process. */
export interface SimulatedWorld {
  readonly clock: Clock;
  /** When this process began to simulate it. */
  readonly startedAt: EpochMs;
  readonly vms: ReadonlyMap<VmId, SimulatedVm>;
  readonly faults: FaultLedger;
  readonly saved: SavedVms;
  /** The VM, made if there is none: with its disk, from this image. */
  make(vmId: VmId, imageDigest: string): SimulatedVm;
  remove(vmId: VmId): void;
  /** Calls the listener with each VM that changes, until the returned function is called. */
  onChange(listener: (vmId: VmId) => void): () => void;
}

/** The host whose VMs the keeper has, or an empty one that is lost with this process; its time is this clock's. */
export function createSimulatedWorld({
  clock,
  keeper = null,
  saved = createSavedVms(null),
}: {
  readonly clock: Clock;
  readonly keeper?: VmKeeper | null;
  readonly saved?: SavedVms;
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
  function add(vmId: VmId, imageDigest: string, kept: KeptVm | null): SimulatedVm {
    const plan = kept === null ? faults.plan(vmId) : faults.restore(vmId, kept.faults);
    const vm = new SimulatedVm(
      { vmId, imageDigest, clock, onChange: () => tell(vmId), onKeep: () => keep(vmId) },
      kept,
      plan,
    );
    vms.set(vmId, vm);
    return vm;
  }
  for (const [vmId, kept] of keeper?.readAll() ?? []) add(vmId, kept.imageDigest, kept);
  return {
    clock,
    startedAt: clock.now(),
    vms,
    faults,
    saved,
    make(vmId, imageDigest) {
      const known = vms.get(vmId);
      if (known !== undefined) return known;
      const vm = add(vmId, imageDigest, null);
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
