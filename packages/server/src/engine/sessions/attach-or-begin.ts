import { VolaryError } from '../../domain/errors.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { GuestProcess } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import { type NotAttached, type ReattachDeps, reattach } from './reattach.ts';

export type BeginDeps = ReattachDeps &
  Pick<EngineDeps, 'clock'> & { readonly secrets: Pick<SecretDelivery, 'environmentOf'> };

/** How long beyond its own time a guest may take that has not begun it, or answers nobody. */
const SILENCE_MS = 120_000;

/**
 * The way to an execution, whoever has begun it: a guest begins a command of one id once, so that one which is not known to have begun is begun.
 * What it is given of secrets is told to its guest alone. A guest that is silent for too long is no longer waited for.
 */
export function attachOrBegin(
  deps: BeginDeps,
): (execution: Execution, signal: AbortSignal) => Promise<GuestProcess | NotAttached | VolaryError> {
  let silentSinceMs: number | null = null;

  function giveUp(execution: Execution, why: VolaryError | null): 'later' | VolaryError {
    const nowMs = deps.clock.monotonicMs();
    silentSinceMs ??= nowMs;
    if (nowMs - silentSinceMs < execution.request.timeoutMs + SILENCE_MS) return 'later';
    return why ?? new VolaryError('unavailable', 'Its guest has not answered.', { reason: 'guest.link_lost' });
  }

  async function begin(execution: Execution, signal: AbortSignal): Promise<GuestProcess | NotAttached | VolaryError> {
    try {
      const vm = await deps.store.vms.get(execution.vmId);
      if (vm === null) return 'machine-over';
      const env = { ...vm.spec.environment, ...(await deps.secrets.environmentOf(vm)), ...execution.request.env };
      const link = await deps.links.open(execution.vmId, { signal });
      return await link.exec(execution.id, { ...execution.request, env }, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof VolaryError)) throw error;
      // It ran, and whoever saw its end could not write it down.
      if (error.reason === 'execution.already_ended') return 'unknown-to-guest';
      const isFinal = error.reason === 'execution.not_started' || FINAL.includes(error.code);
      return isFinal ? error : giveUp(execution, error);
    }
  }

  return async (execution, signal) => {
    const found = await reattach(deps, execution, signal);
    if (found === 'later') return giveUp(execution, null);
    silentSinceMs = null;
    return found === 'unknown-to-guest' && execution.startedAt === null ? await begin(execution, signal) : found;
  };
}

/** A secret that is gone or cannot be a variable, say: asking again changes nothing. */
const FINAL: readonly VolaryError['code'][] = ['not_found', 'invalid_argument', 'failed_precondition', 'data_loss'];
