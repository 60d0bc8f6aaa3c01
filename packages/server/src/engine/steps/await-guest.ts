import { VolaryError } from '../../domain/errors.ts';
import { withTimeout } from '../with-timeout.ts';
import type { Step } from './step.ts';

/** Waits for the guest agent's first answer in this life. Throws `deadline_exceeded` vm.boot_timeout. */
export const awaitGuest: Step = async ({ links, warm, clock, config }, { vm, signal }) => {
  const { bootMs } = config.limits;
  await withTimeout(
    clock,
    bootMs,
    signal,
    (limited) => links.open(vm.id, { signal: limited }),
    () => bootTimeout(bootMs),
  );
  // Once for each VM is enough.
  if (vm.incarnation === 1 && vm.origin === null) warm.suggest(vm);
  return { startedAt: clock.now(), health: 'healthy' };
};

function bootTimeout(bootMs: number): VolaryError {
  return new VolaryError('deadline_exceeded', `The guest did not answer within ${bootMs / 1000} s of its start.`, {
    reason: 'vm.boot_timeout',
    details: { boot_timeout_ms: bootMs },
  });
}
