import { VolaryError } from './errors.ts';

/**
 * Runs all of these checks, so that whoever asked is told of every fault at once. Throws what one has thrown; of several,
 * `invalid_argument` request.invalid with each of them in `details.errors`. What is no `invalid_argument` is thrown at once.
 */
export function checkAll(checks: readonly (() => void)[]): void {
  const faults = checks.flatMap(faultOf);
  const [first, ...others] = faults;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new VolaryError('invalid_argument', faults.map(({ message }) => message).join(' '), {
    reason: 'request.invalid',
    details: {
      errors: faults.map(({ message, details: { field, ...allowed } }) => ({ field: field ?? null, message, allowed })),
    },
  });
}

function faultOf(check: () => void): readonly VolaryError[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof VolaryError && error.code === 'invalid_argument') return [error];
    throw error;
  }
}
