import { VolaryError } from '../../domain/errors.ts';
import { presentSpec } from '../../domain/vm/settings.ts';
import type { Vm, VmHealth } from '../../domain/vm/vm.ts';
import type { EngineDeps } from '../deps.ts';
import { isWholeSystem } from '../images/known-images.ts';
import { everyVm } from '../queries/every-vm.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import { withTimeout } from '../with-timeout.ts';
import { writeHealth } from './vm-writer.ts';

type HealthDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'turns' | 'log'> & {
  readonly links: GuestLinks;
  readonly secrets: Pick<SecretDelivery, 'deliver'>;
};

/** An agent that has not answered for this long, milliseconds, is silent. */
const SILENT_MS = 5_000;
/** Guests asked at the same time. */
const CONCURRENCY = 16;

/**
 * Asks every running guest's agent whether it is there. A silent one makes its VM `degraded`, and nothing else: a machine is
 * never ended because its agent is busy.
 */
export async function checkHealth(deps: HealthDeps, signal: AbortSignal): Promise<void> {
  const asking = new Set<Promise<void>>();
  for await (const vm of everyVm(deps.store, { phases: ['running'] })) {
    if (signal.aborted) break;
    await deps.turns.share();
    const one = checkOne(deps, vm, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) deps.log.warn('the health of a VM cannot be told', { vmId: vm.id, error });
      })
      .finally(() => asking.delete(one));
    asking.add(one);
    if (asking.size >= CONCURRENCY) await Promise.race(asking);
  }
  await Promise.all(asking);
}

async function checkOne(deps: HealthDeps, vm: Vm, signal: AbortSignal): Promise<void> {
  const health = await measure(deps, vm, signal);
  if (health === vm.health || signal.aborted) return;
  if (health === 'healthy' && vm.health === 'unknown') await greetLate(deps, vm, signal);
  try {
    await writeHealth(deps, { vm, operation: null }, health);
    deps.log.info('health changed', { vmId: vm.id, from: vm.health, to: health });
  } catch (error) {
    // Somebody has changed the VM meanwhile; the next look finds what is so then.
    if (!(error instanceof VolaryError) || error.code !== 'conflict') throw error;
  }
}

/** Where there is a check, that tells; an agent that answers again only has it told anew. */
function healthOfAnswering(vm: Vm): VmHealth {
  const { health } = vm;
  if (presentSpec(vm).healthCheck === null) return 'healthy';
  return health === 'degraded' || health === 'unknown' ? 'starting' : health;
}

async function measure({ links, clock, store }: HealthDeps, vm: Vm, signal: AbortSignal): Promise<VmHealth> {
  try {
    await withTimeout(clock, SILENT_MS, signal, async (limited) =>
      (await links.open(vm.id, { signal: limited })).ping({ timeoutMs: SILENT_MS }),
    );
    return healthOfAnswering(vm);
  } catch (error) {
    const isSilent =
      error instanceof VolaryError && ['deadline_exceeded', 'unavailable', 'failed_precondition'].includes(error.code);
    if (isSilent || (error instanceof DOMException && error.name === 'TimeoutError')) return await silenceOf(store, vm);
    throw error;
  }
}

/** A whole system that has never answered in this life may have no agent. */
async function silenceOf(store: HealthDeps['store'], vm: Vm): Promise<VmHealth> {
  return vm.health === 'unknown' && (await isWholeSystem({ store }, vm.spec.image)) ? 'unknown' : 'degraded';
}

/** It was left as it was when it did not answer in its time: what is done with the first answer is done now. */
async function greetLate({ links, secrets, clock }: HealthDeps, vm: Vm, signal: AbortSignal): Promise<void> {
  await withTimeout(clock, SILENT_MS, signal, async (limited) => {
    const link = await links.open(vm.id, { signal: limited });
    await secrets.deliver(vm, link, { isBooted: true, signal: limited });
  });
}
