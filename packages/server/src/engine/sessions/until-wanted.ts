import type { VmId } from '../../domain/ids.ts';
import type { EngineDeps } from '../deps.ts';
import { isSuspended } from '../operations/power-policy.ts';
import { createBell, sleepUnless } from '../queries/wait-for.ts';

/** Hints may be lost, so whoever waits also looks by itself, this often. A VM may be suspended for months. */
const LOOK_MS = 30_000;

/** Resolves when it is not wanted any more that the VM is suspended, or it is gone. Throws the signal's reason only. */
export async function untilWanted(
  { store, bus, clock }: Pick<EngineDeps, 'store' | 'bus' | 'clock'>,
  vmId: VmId,
  signal: AbortSignal,
): Promise<void> {
  const bell = createBell();
  const unsubscribe = bus.subscribe('vm', (key) => {
    if (key === vmId) bell.ring();
  });
  try {
    for (;;) {
      const rung = bell.next();
      const vm = await store.vms.get(vmId);
      if (vm === null || !isSuspended(vm)) return;
      await sleepUnless(rung, clock, LOOK_MS, signal);
    }
  } finally {
    unsubscribe();
  }
}
