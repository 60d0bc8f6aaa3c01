import { VolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { isWholeSystem } from '../images/known-images.ts';
import { withTimeout } from '../with-timeout.ts';
import { firstHealth, type Step, type StepContext, type StepDeps } from './step.ts';

/**
 * Waits for the guest agent's first answer in this life, and has the guest given its secrets: nobody talks to it before. A whole system that
 * does not answer within its time may have no agent: it runs, and nobody knows how it is until one answers. Throws
 * `deadline_exceeded` vm.boot_timeout, `not_found` secret.unknown, `data_loss` sealer.*.
 */
export const awaitGuest: Step = async (deps, context) => {
  const { warm, clock, config } = deps;
  const { vm, signal } = context;
  if (await isWholeSystem(deps, vm.spec.image)) {
    const isHeard = await isAnsweredWithin(config.limits.systemBootMs, deps, context);
    return { startedAt: clock.now(), health: isHeard ? firstHealth(vm) : 'unknown' };
  }
  const { bootMs } = config.limits;
  await withTimeout(clock, bootMs, signal, greet(deps, vm), () => bootTimeout(bootMs));
  // Once for each VM is enough.
  if (vm.incarnation === 1 && vm.origin === null) warm.suggest(vm);
  return { startedAt: clock.now(), health: firstHealth(vm) };
};

async function isAnsweredWithin(timeoutMs: number, deps: StepDeps, { vm, signal }: StepContext): Promise<boolean> {
  const silence = bootTimeout(timeoutMs);
  try {
    await withTimeout(deps.clock, timeoutMs, signal, greet(deps, vm), () => silence);
    return true;
  } catch (error) {
    if (error !== silence) throw error;
    deps.log.info('a whole system runs without an agent', { vmId: vm.id });
    return false;
  }
}

function greet({ links, secrets, restores }: StepDeps, vm: Vm): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    const link = await links.open(vm.id, { signal });
    restores.answered();
    await secrets.deliver(vm, link, { isBooted: hasBooted(vm), signal });
  };
}

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
