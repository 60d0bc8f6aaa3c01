import type { VmId } from '../../domain/ids.ts';
import type { VmStep } from '../plans/plan-vm.ts';

/** Sees when a VM's plan comes to the same step again and again, which means that carrying it out changes nothing. */
export interface Repeats {
  /** How often this step has been carried out again, right after itself; 0 where another one, or none, came before. */
  count(vmId: VmId, done: VmStep | null): number;
  forget(vmId: VmId): void;
}

export function createRepeats(): Repeats {
  const last = new Map<VmId, { readonly step: VmStep; readonly times: number }>();
  return {
    count(vmId, done) {
      // A turn without a step (a note, a wait) neither repeats anything nor is progress.
      if (done === null) return 0;
      const known = last.get(vmId);
      const times = known?.step === done ? known.times + 1 : 0;
      last.set(vmId, { step: done, times });
      return times;
    },
    forget: (vmId) => void last.delete(vmId),
  };
}
