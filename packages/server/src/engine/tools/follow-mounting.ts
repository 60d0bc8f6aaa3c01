import { toVolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { GuestLink } from '../../ports/guest-link.ts';
import type { Pack } from '../../ports/machine-packs.ts';
import type { EngineDeps } from '../deps.ts';
import { withTimeout } from '../with-timeout.ts';

/** How long a guest may take to mount its tools. */
const MOUNT_MS = 60_000;

type MountingDeps = Pick<EngineDeps, 'store' | 'tools' | 'bus' | 'clock' | 'log'>;

/** What is done about tools that a guest has been told of, beside everything else: nobody waits for it, and it throws nothing. */
export function followMounting(deps: MountingDeps, vm: Vm, link: GuestLink, packs: readonly Pack[]): void {
  if (packs.length === 0) return;
  void reportMounting(deps, vm, link);
  void noteUsed(deps, packs);
}

/** A VM whose tools could not be mounted runs, and says so. */
async function reportMounting({ clock, store, bus, log }: MountingDeps, vm: Vm, link: GuestLink): Promise<void> {
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

/** That VMs were given them now. Throws nothing. */
export async function noteUsed(
  { tools, log }: Pick<MountingDeps, 'tools' | 'log'>,
  packs: readonly Pack[],
): Promise<void> {
  for (const { digest } of packs)
    await tools.noteUsed(digest).catch((error: unknown) => log.warn('the use of a tool could not be noted', { error }));
}
