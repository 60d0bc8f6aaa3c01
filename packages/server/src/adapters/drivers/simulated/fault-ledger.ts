import { VolaryError } from '../../../domain/errors.ts';
import type { VmId } from '../../../domain/ids.ts';
import { type FaultPlan, type FaultyCall, parseFaults } from './faults.ts';
import type { KeptFaults } from './kept-vm.ts';

/** The plans of all VMs, and what has been carried out of them. Part of the world: a server's restart begins nothing anew. */
export interface FaultLedger {
  /** Takes the plan from a VM's labels; what was counted before still counts. Throws `invalid_argument` driver.invalid_fault. */
  learn(vmId: VmId, labels: Readonly<Record<string, string>>): FaultPlan;
  plan(vmId: VmId): FaultPlan;
  /** Throws the planned error, if this call of the VM is still to fail. Its reason is driver.simulated_fault. */
  fail(vmId: VmId, call: FaultyCall): void;
  forget(vmId: VmId): void;
  /** What is to be known of the VM's faults by the next server. */
  keep(vmId: VmId): KeptFaults;
  /** Puts back what was kept. Throws as `learn`. */
  restore(vmId: VmId, kept: KeptFaults): FaultPlan;
}

/** The plan of a VM without labels. */
export const NO_FAULTS = parseFaults({});

/** A ledger without plans. `onCount` is called when a failure of a VM has been counted. */
export function createFaultLedger(onCount: (vmId: VmId) => void): FaultLedger {
  const labelsOf = new Map<VmId, Readonly<Record<string, string>>>();
  const plans = new Map<VmId, FaultPlan>();
  const failures = new Map<VmId, Map<FaultyCall, number>>();
  const planOf = (vmId: VmId): FaultPlan => plans.get(vmId) ?? NO_FAULTS;
  function learn(vmId: VmId, labels: Readonly<Record<string, string>>): FaultPlan {
    const plan = parseFaults(labels);
    plans.set(vmId, plan);
    labelsOf.set(vmId, labels);
    return plan;
  }
  return {
    learn,
    plan: planOf,
    fail(vmId, call) {
      const fault = planOf(vmId).errors[call];
      if (fault === undefined) return;
      const counts = failures.get(vmId) ?? new Map<FaultyCall, number>();
      failures.set(vmId, counts);
      const count = counts.get(call) ?? 0;
      if (count >= fault.times) return;
      counts.set(call, count + 1);
      onCount(vmId);
      throw new VolaryError(fault.code, `This call was told to fail: ${call}.`, {
        reason: 'driver.simulated_fault',
        details: { call, failures: count + 1 },
      });
    },
    forget(vmId) {
      plans.delete(vmId);
      labelsOf.delete(vmId);
      failures.delete(vmId);
    },
    keep: (vmId) => ({
      labels: labelsOf.get(vmId) ?? {},
      failures: [...(failures.get(vmId) ?? [])].map(([call, count]) => ({ call, count })),
    }),
    restore(vmId, kept) {
      failures.set(vmId, new Map(kept.failures.map(({ call, count }) => [call, count])));
      return learn(vmId, kept.labels);
    },
  };
}
