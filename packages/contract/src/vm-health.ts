import type { Static } from 'typebox';
import { HealthCheck, lastCheckField } from './health-check.ts';
import { component, enumComponent, nullable } from './schema.ts';

export const VM_HEALTHS = ['starting', 'healthy', 'unhealthy', 'degraded', 'unknown'] as const;
export const VmHealth = enumComponent(
  'VmHealth',
  VM_HEALTHS,
  '`healthy`: its health check succeeds or, without one, the guest agent answers. `starting`: the check has not succeeded yet. `unhealthy`: it fails. `degraded`: the guest agent has fallen silent.',
);
export type VmHealth = Static<typeof VmHealth>;

export const VmHealthReport = component(
  'VmHealthReport',
  { status: VmHealth, check: nullable(HealthCheck), ...lastCheckField },
  {
    description: 'The health of a VM, and where it comes from.',
    examples: [{ status: 'healthy', check: null, last_check: null }],
  },
);
export type VmHealthReport = Static<typeof VmHealthReport>;
