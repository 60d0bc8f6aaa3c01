import { VolaryError } from '../../domain/errors.ts';
import { followMounting } from '../tools/follow-mounting.ts';
import { withTimeout } from '../with-timeout.ts';
import type { Step } from './step.ts';

/** How long a guest that has answered before may take to hear of its tools. */
const HEAR_MS = 15_000;

/**
 * Gives the machine its tools, of which its guest is told first. It keeps whoever wants something of it waiting until it has mounted them; nobody
 * waits for that here. Throws `unavailable` driver.pack_gone, and what the guest refuses.
 */
export const attachTools: Step = async (deps, { vm, packs: wanted, signal }) => {
  const { driver, links, clock } = deps;
  const { packs } = driver;
  if (packs === null || wanted === null) throw packGone();
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
  followMounting(deps, vm, link, wanted);
  return {};
};

/** `unavailable` driver.pack_gone. */
export function packGone(): VolaryError {
  return new VolaryError('unavailable', 'A tool was removed before the VM had it.', { reason: 'driver.pack_gone' });
}
