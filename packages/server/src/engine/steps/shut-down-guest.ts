import type { VmId } from '../../domain/ids.ts';
import { withTimeout } from '../with-timeout.ts';
import type { Step, StepDeps } from './step.ts';

/** How often a guest that was asked to shut down is looked at. */
const LOOK_MS = 50;
/** How long an agent may take to say that it has heard; one that is silent is asked by the power button. */
const HEARD_MS = 2_000;

/**
 * Asks the guest to shut down and waits, for as long as the grace lasts, until it has. A guest that does not heed it is
 * no fault of this step: the plan ends its machine next.
 */
export const shutDownGuest: Step = async (deps, { vm, signal }) => {
  const { graceMs } = vm.desired;
  await askGuest(deps, vm.id, graceMs, signal);
  await waitUntilEnded(deps, vm.id, graceMs, signal);
  return {};
};

async function askGuest(deps: StepDeps, vmId: VmId, graceMs: number, signal: AbortSignal): Promise<void> {
  try {
    await withTimeout(deps.clock, HEARD_MS, signal, async (limited) => {
      const link = await deps.links.open(vmId, { signal: limited });
      await link.shutDown('power-off', { signal: limited, graceMs: Math.max(0, graceMs - HEARD_MS) });
    });
  } catch {
    // Whatever kept the agent from hearing it, the power button is the other way to ask.
    signal.throwIfAborted();
    await deps.driver.pressPowerButton(vmId, { signal });
  }
}

async function waitUntilEnded(
  { driver, clock }: StepDeps,
  vmId: VmId,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const endsAt = clock.monotonicMs() + graceMs;
  while (clock.monotonicMs() < endsAt) {
    const { machine } = await driver.inspect(vmId, { signal });
    if (machine.kind === 'ended' || machine.kind === 'absent') return;
    await clock.sleep(LOOK_MS, { signal });
  }
}
