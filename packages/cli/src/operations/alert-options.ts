import { ALERT_KINDS, type AlertKind, type UpdateVmRequest } from '@volary/contract';
import { type Command, InvalidArgumentError } from 'commander';

type AlertsRequest = NonNullable<UpdateVmRequest['alerts']>;

/** When alerts about a VM fire. */
export interface AlertOptions {
  readonly alert?: AlertsRequest;
}

/** Adds the option that says when alerts about a VM fire. */
export function addAlertOptions(command: Command): Command {
  return command.option(
    '--alert <kind=when>',
    "alert threshold: cpu, memory or disk=PERCENT, off or default (the server's); health=on, off or default; may be repeated",
    collectAlerts,
  );
}

/** In the wire's words; what was not given is left out. */
export function alertRequest({ alert }: AlertOptions): Pick<UpdateVmRequest, 'alerts'> {
  return alert === undefined ? {} : { alerts: alert };
}

/** `cpu=95`, `disk=off`, `health=default`. */
export function collectAlerts(text: string, before: AlertsRequest = {}): AlertsRequest {
  const [kind = '', when = ''] = text.split(/=(.*)/s);
  const isKind = (name: string): name is AlertKind => ALERT_KINDS.some((known) => known === name);
  if (!isKind(kind)) throw new InvalidArgumentError(`It is one of ${ALERT_KINDS.join(', ')}, and when, as in cpu=95.`);
  if (kind === 'health') return { ...before, health: choiceOf(when) };
  return { ...before, [`${kind}_percent`]: thresholdOf(when) };
}

function choiceOf(when: string): 'on' | 'off' | null {
  if (when === 'default') return null;
  if (when === 'on' || when === 'off') return when;
  throw new InvalidArgumentError('health is on, off or default.');
}

function thresholdOf(when: string): number | 'off' | null {
  if (when === 'default') return null;
  if (when === 'off') return when;
  const percent = Number(when);
  if (/^\d+$/.test(when) && percent >= 1 && percent <= 100) return percent;
  throw new InvalidArgumentError('It is a percentage from 1 to 100, off or default.');
}
