import type { Alert, Event, Vm } from '@volary/contract';

/** What fires without a VM that it could be about, or twice: one sentence each. */
export function checkAlerts(
  firing: readonly Pick<Alert, 'id' | 'kind' | 'vm_id' | 'vm_name'>[],
  vms: readonly Pick<Vm, 'id' | 'phase'>[],
): readonly string[] {
  const phases = new Map<string, string>(vms.map(({ id, phase }) => [id, phase]));
  return firing.flatMap(({ id, kind, vm_id: vmId, vm_name: name }, index) => [
    ...(phases.get(vmId) === 'running'
      ? []
      : [`${kind} fires for ${name}, which is ${phases.get(vmId) ?? 'gone'}: ${id}`]),
    ...(firing.slice(0, index).some((other) => other.vm_id === vmId && other.kind === kind)
      ? [`${kind} fires twice for ${name}: ${id}`]
      : []),
  ]);
}

/** Follows alerts by their events: each fires once, and is resolved at most once after that. */
export function createAlertLines(): { readonly follow: (event: Pick<Event, 'type' | 'subject'>) => string | null } {
  const states = new Map<string, 'firing' | 'resolved'>();
  return {
    follow({ type, subject }) {
      const before = states.get(subject);
      if (type === 'alert.fired') {
        states.set(subject, 'firing');
        return before === undefined ? null : `it was ${before} before`;
      }
      if (type !== 'alert.resolved') return null;
      states.set(subject, 'resolved');
      return before === 'firing' ? null : `it was ${before ?? 'not there'} before`;
    },
  };
}
