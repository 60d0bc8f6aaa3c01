import { VolaryError } from '../../domain/errors.ts';
import { FAULT_POINTS, type FaultPoint } from '../../ports/fault-point.ts';

/**
 * A fault point that kills this process, as `kill -9` does, at the moment which `told` names: `NAME:N`, the N-th time that
 * it is come to. Throws `invalid_argument` config.invalid where there is no such moment.
 */
export function killAtFaultPoint(told: string): FaultPoint {
  const [name, count] = told.split(':');
  const isKnown = FAULT_POINTS.some((point) => point === name);
  if (!isKnown || !/^[1-9][0-9]{0,5}$/.test(count ?? '')) {
    throw new VolaryError('invalid_argument', `VOLARY_FAULT_POINT is "${told}"; it must be NAME:N with a known name.`, {
      reason: 'config.invalid',
      details: { field: 'VOLARY_FAULT_POINT', allowed: FAULT_POINTS },
    });
  }
  let left = Number(count);
  return (passed) => {
    if (passed !== name) return;
    left -= 1;
    // The kernel ends the process before this call returns.
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
