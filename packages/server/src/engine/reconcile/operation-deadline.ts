import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Clock } from '../../ports/clock.ts';
import { withTimeout } from '../with-timeout.ts';

/**
 * Does what an operation takes within the time that operations have, which begins anew with a new server. Throws `deadline_exceeded`
 * operation.deadline.
 */
export async function inItsTime<T>(
  clock: Clock,
  { createdAt, deadlineAt }: Operation,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await withTimeout(clock, deadlineAt - createdAt, signal, work, operationDeadline);
}

/** `deadline_exceeded` operation.deadline. */
export function operationDeadline(): VolaryError {
  return new VolaryError('deadline_exceeded', 'The operation did not come to its end within its time.', {
    reason: 'operation.deadline',
  });
}
