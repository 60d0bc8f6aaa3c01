import { VolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { withTimeout } from '../with-timeout.ts';
import type { Step } from './step.ts';

/**
 * Waits for the guest agent's first answer in this life, and has the guest given its secrets: nobody talks to it before. Throws
 * `deadline_exceeded` vm.boot_timeout, `not_found` secret.unknown, `data_loss` sealer.*.
 */
export const awaitGuest: Step = async ({ links, secrets, warm, clock, config }, { vm, signal }) => {
  const { bootMs } = config.limits;
  await withTimeout(
    clock,
    bootMs,
    signal,
    async (limited) => {
      const link = await links.open(vm.id, { signal: limited });
      await secrets.deliver(vm, link, { isBooted: hasBooted(vm), signal: limited });
    },
    () => bootTimeout(bootMs),
  );
  // Once for each VM is enough.
  if (vm.incarnation === 1 && vm.origin === null) warm.suggest(vm);
  return { startedAt: clock.now(), health: 'healthy' };
};

/** What begins from a snapshot has in its memory what somebody else may have been given. */
function hasBooted({ origin, incarnation }: Vm): boolean {
  return origin?.incarnation !== incarnation;
}

function bootTimeout(bootMs: number): VolaryError {
  return new VolaryError('deadline_exceeded', `The guest did not answer within ${bootMs / 1000} s of its start.`, {
    reason: 'vm.boot_timeout',
    details: { boot_timeout_ms: bootMs },
  });
}
