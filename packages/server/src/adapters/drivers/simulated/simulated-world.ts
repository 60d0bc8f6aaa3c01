import type { VmId } from '../../../domain/ids.ts';
import type { EpochMs } from '../../../domain/time.ts';
import type { Clock } from '../../../ports/clock.ts';
import { createFaultLedger, type FaultLedger } from './fault-ledger.ts';
import { SimulatedVm } from './simulated-vm.ts';

/** A host that exists in this process only. It outlives the drivers that work on it, as a real host does. */
export interface SimulatedWorld {
  readonly clock: Clock;
  /** When the host was made: its boot. */
  readonly startedAt: EpochMs;
  readonly vms: ReadonlyMap<VmId, SimulatedVm>;
  readonly faults: FaultLedger;
  /** The VM, made if there is none: with its disk, from this image. */
  make(vmId: VmId, imageDigest: string): SimulatedVm;
  remove(vmId: VmId): void;
  /** Calls the listener with each VM that changes, until the returned function is called. */
  onChange(listener: (vmId: VmId) => void): () => void;
}

/** An empty host whose time is this clock's. */
export function createSimulatedWorld(deps: { readonly clock: Clock }): SimulatedWorld {
  const faults = createFaultLedger();
  const vms = new Map<VmId, SimulatedVm>();
  const listeners = new Set<(vmId: VmId) => void>();
  const tell = (vmId: VmId): void => {
    for (const listener of listeners) listener(vmId);
  };
  return {
    clock: deps.clock,
    startedAt: deps.clock.now(),
    vms,
    faults,
    make(vmId, imageDigest) {
      const known = vms.get(vmId);
      if (known !== undefined) return known;
      const vm = new SimulatedVm({ vmId, imageDigest, clock: deps.clock, onChange: () => tell(vmId) });
      vms.set(vmId, vm);
      return vm;
    },
    remove(vmId) {
      vms.delete(vmId);
      faults.forget(vmId);
      tell(vmId);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
