import { VolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { EngineDeps } from '../deps.ts';
import { isWholeSystem } from '../images/known-images.ts';
import { withTimeout } from '../with-timeout.ts';
import type { GuestLinks } from './guest-links.ts';

/** One that has come since answers at once. */
const ANSWER_MS = 3_000;

/**
 * Passes by whoever wants something of a guest, unless that is a whole system that has not answered yet and does not now: such a one is not waited for, since it
 * may never have an agent. Throws `unsupported` guest.no_agent, or the signal's reason.
 */
export async function requireAgent(
  { links, store, clock }: Pick<EngineDeps, 'store' | 'clock'> & { readonly links: GuestLinks },
  vm: Vm,
  signal: AbortSignal,
): Promise<void> {
  if (vm.health !== 'unknown' || links.peek(vm.id) !== null || !(await isWholeSystem({ store }, vm.spec.image))) return;
  await withTimeout(
    clock,
    ANSWER_MS,
    signal,
    (limited) => links.open(vm.id, { signal: limited }),
    () =>
      new VolaryError('unsupported', 'No agent answers in this VM: nobody reaches its inside but by its console.', {
        reason: 'guest.no_agent',
      }),
  );
}
