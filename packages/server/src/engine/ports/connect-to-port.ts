import { VolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Abortable, GuestConnection, GuestLink } from '../../ports/guest-link.ts';
import { withTimeout } from '../with-timeout.ts';

/** A loopback answers at once, but a server whose queue is full does not. */
const CONNECT_MS = 10_000;

/**
 * Connects within the guest: to 127.0.0.1, and where nothing listens there to ::1, as programs do that know a server as `localhost`. Throws
 * `failed_precondition` port.refused, `deadline_exceeded` port.no_answer, and as `GuestLink`.
 */
export async function connectToPort(
  clock: Clock,
  link: GuestLink,
  { vm, port }: { readonly vm: Vm; readonly port: number },
  { signal }: Abortable,
): Promise<GuestConnection> {
  return await withTimeout(
    clock,
    CONNECT_MS,
    signal,
    async (limited) => {
      try {
        return await link.connect({ host: '127.0.0.1', port }, { signal: limited });
      } catch (error) {
        if (!isRefused(error)) throw error;
        return await link.connect({ host: '::1', port }, { signal: limited }).catch((second: unknown) => {
          // A guest without IPv6 has other words for the same.
          throw isOfGuest(second) ? refused(vm, port, error) : second;
        });
      }
    },
    () =>
      new VolaryError('deadline_exceeded', `Port ${port} of ${vm.name} took no connection for ${CONNECT_MS} ms.`, {
        reason: 'port.no_answer',
        details: { port },
      }),
  );
}

function refused(vm: Vm, port: number, cause: unknown): VolaryError {
  return new VolaryError('failed_precondition', `Nothing listens on port ${port} in ${vm.name}.`, {
    reason: 'port.refused',
    details: { port },
    cause,
  });
}

function isRefused(error: unknown): boolean {
  return isOfGuest(error) && error.details['errno'] === 'ECONNREFUSED';
}

function isOfGuest(error: unknown): error is VolaryError {
  return error instanceof VolaryError && error.reason === 'guest.refused';
}
