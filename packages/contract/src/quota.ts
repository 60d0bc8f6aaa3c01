import { type Static, Type } from 'typebox';
import { component, nullableInteger } from './schema.ts';

const WHAT = {
  vms: 'VMs that are kept, whatever they are doing',
  vcpus: 'virtual processors of VMs that are wanted running or paused',
  memory_mib: 'memory of VMs that are wanted running or paused, MiB',
  disk_gib: 'virtual sizes of the disks of all VMs that are kept, GiB',
  snapshots: 'snapshots that are kept',
  executions: 'commands that run at the same time',
  networks: 'networks that are kept',
  security_groups: 'security groups that are kept',
} as const;

const limit = (what: string) =>
  nullableInteger({ minimum: 0, maximum: 1_000_000_000, description: `At most so many: ${what}. Null: no bound.` });
const used = (what: string) => Type.Integer({ minimum: 0, description: `What there is: ${what}.` });

const EXAMPLE_LIMITS = {
  vms: 10,
  vcpus: 16,
  memory_mib: null,
  disk_gib: 200,
  snapshots: 20,
  executions: null,
  networks: 5,
  security_groups: null,
} as const;
const EXAMPLE_USED = {
  vms: 3,
  vcpus: 2,
  memory_mib: 1024,
  disk_gib: 24,
  snapshots: 1,
  executions: 0,
  networks: 1,
  security_groups: 0,
} as const;

export const QuotaLimits = component(
  'QuotaLimits',
  {
    vms: limit(WHAT.vms),
    vcpus: limit(WHAT.vcpus),
    memory_mib: limit(WHAT.memory_mib),
    disk_gib: limit(WHAT.disk_gib),
    snapshots: limit(WHAT.snapshots),
    executions: limit(WHAT.executions),
    networks: limit(WHAT.networks),
    security_groups: limit(WHAT.security_groups),
  },
  { description: 'What one user may have.', examples: [EXAMPLE_LIMITS] },
);
export type QuotaLimits = Static<typeof QuotaLimits>;

export const QuotaUsage = component(
  'QuotaUsage',
  {
    vms: used(WHAT.vms),
    vcpus: used(WHAT.vcpus),
    memory_mib: used(WHAT.memory_mib),
    disk_gib: used(WHAT.disk_gib),
    snapshots: used(WHAT.snapshots),
    executions: used(WHAT.executions),
    networks: used(WHAT.networks),
    security_groups: used(WHAT.security_groups),
  },
  { description: 'What one user has.', examples: [EXAMPLE_USED] },
);
export type QuotaUsage = Static<typeof QuotaUsage>;

export const EXAMPLE_QUOTA_STATE = { limits: EXAMPLE_LIMITS, used: EXAMPLE_USED } as const;

export const QuotaState = component(
  'QuotaState',
  { limits: QuotaLimits, used: QuotaUsage },
  { description: 'What one user may have, and has.', examples: [EXAMPLE_QUOTA_STATE] },
);
export type QuotaState = Static<typeof QuotaState>;
