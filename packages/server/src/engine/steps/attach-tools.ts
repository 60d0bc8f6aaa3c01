import { toVolaryError, VolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { GuestLink } from '../../ports/guest-link.ts';
import type { Pack } from '../../ports/machine-packs.ts';
import { findPacks } from '../tools/vm-tools.ts';
import { withTimeout } from '../with-timeout.ts';
import type { Step, StepDeps } from './step.ts';

/** How long a guest that has answered before may take to hear of its tools. */
const HEAR_MS = 15_000;
/** How long it may take to mount them. */
const MOUNT_MS = 60_000;

/**
 * Gives the machine its tools, of which its guest is told first. It keeps whoever wants something of it waiting until it has mounted them; nobody
 * waits for that here. Throws `unavailable` driver.pack_gone, and what the guest refuses.
 */
export const attachTools: Step = async (deps, { vm, signal }) => {
  const { driver, links, clock } = deps;
  const { packs } = driver;
  const wanted = await findPacks(deps, vm);
  if (packs === null || wanted === null) throw gone();
  const link = await withTimeout(clock, HEAR_MS, signal, (limited) => links.open(vm.id, { signal: limited }));
  const digests = new Set(wanted.map(({ digest }) => digest));
  await packs.attach(vm.id, wanted, {
    signal,
    tell: (all) =>
      withTimeout(clock, HEAR_MS, signal, (limited) =>
        link.setTools(
          packs.diskSerial,
          all.filter(({ digest }) => digests.has(digest)),
          { signal: limited },
        ),
      ),
  });
  void reportMounting(deps, vm, link);
  void noteUsed(deps, wanted);
  return {};
};

/** A VM whose tools could not be mounted runs, and says so. */
async function reportMounting({ clock, store, bus, log }: StepDeps, vm: Vm, link: GuestLink): Promise<void> {
  try {
    await withTimeout(clock, MOUNT_MS, new AbortController().signal, (signal) => link.awaitTools({ signal }));
  } catch (cause) {
    const error = toVolaryError(cause);
    // Its machine has ended, or the server does: nobody can tell, and nothing is wrong with the tools.
    if (error.reason === 'guest.link_lost' || error.code === 'aborted') return;
    log.warn('tools could not be mounted', { vmId: vm.id, error });
    const data = { name: vm.name, reason: error.reason, message: error.message };
    const event = { type: 'vm.tools_failed', at: clock.now(), subject: vm.id, vmId: vm.id, owner: vm.owner } as const;
    await store.events.append([{ ...event, operationId: null, data }]).then(
      () => bus.publish('events', ''),
      (fault: unknown) => log.warn('an event could not be written', { vmId: vm.id, error: fault }),
    );
  }
}

async function noteUsed({ tools, log }: StepDeps, packs: readonly Pack[]): Promise<void> {
  for (const { digest } of packs)
    await tools.noteUsed(digest).catch((error: unknown) => log.warn('the use of a tool could not be noted', { error }));
}

function gone(): VolaryError {
  return new VolaryError('unavailable', 'A tool was removed before the VM had it.', { reason: 'driver.pack_gone' });
}
