import type { UpdateVmRequest } from '@volary/contract';
import { SERVERS_ALERTS, type VmAlerts } from '../../../domain/alert/vm-alerts.ts';

type AlertsField = Pick<UpdateVmRequest, 'alerts'>;

/** What was asked for of a VM's thresholds, as a part of its spec: what is left open is as the server has it. */
export function toAlertsSpec({ alerts }: AlertsField): { readonly alerts?: VmAlerts } {
  return alerts === undefined ? {} : { alerts: { ...SERVERS_ALERTS, ...partOf(alerts) } };
}

/** The same of a VM that there is: what is left open stays. */
export function toNewAlerts({ alerts }: AlertsField): { readonly alerts?: Partial<VmAlerts> } {
  return alerts === undefined ? {} : { alerts: alerts === null ? SERVERS_ALERTS : partOf(alerts) };
}

function partOf(asked: AlertsField['alerts'] | null): Partial<VmAlerts> {
  const { cpu_percent: cpu, memory_percent: memory, disk_percent: disk, health } = asked ?? {};
  return {
    ...(cpu === undefined ? {} : { cpuPercent: cpu }),
    ...(memory === undefined ? {} : { memoryPercent: memory }),
    ...(disk === undefined ? {} : { diskPercent: disk }),
    ...(health === undefined ? {} : { health }),
  };
}
