import { VolaryError } from '../../../../domain/errors.ts';

/** QEMU refused a command; its own words are for the log. */
export function qmpRefused(command: string, refusal: { readonly class: string; readonly desc: string }): VolaryError {
  return new VolaryError('failed_precondition', 'The virtual machine monitor refused what it was asked.', {
    reason: 'driver.qmp_refused',
    context: { command, class: refusal.class, description: refusal.desc },
  });
}

/** No answer within the time. The command may still be carried out. */
export function qmpSilent(command: string, timeoutMs: number): VolaryError {
  return new VolaryError('deadline_exceeded', `The virtual machine monitor has not answered within ${timeoutMs} ms.`, {
    reason: 'driver.qmp_silent',
    context: { command },
  });
}

/** QEMU serves one client per monitor at a time: a second one is connected and hears nothing. */
export function qmpHeld(timeoutMs: number): VolaryError {
  return new VolaryError(
    'unavailable',
    'The control socket of the virtual machine monitor is held by another process.',
    {
      reason: 'driver.qmp_held',
      context: { greetingTimeoutMs: timeoutMs },
    },
  );
}

/** The monitor's socket is closed, or cannot be reached. */
export function qmpClosed(cause?: unknown): VolaryError {
  return new VolaryError('unavailable', 'The virtual machine monitor has closed its control socket.', {
    reason: 'driver.qmp_closed',
    cause,
  });
}

/** The other side does not speak QMP as we know it. */
export function qmpViolation(what: string, cause?: unknown): VolaryError {
  return new VolaryError('unavailable', 'The virtual machine monitor sent something that is not understood.', {
    reason: 'driver.qmp_violation',
    context: { what },
    cause,
  });
}
