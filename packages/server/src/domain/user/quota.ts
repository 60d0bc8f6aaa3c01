/** What may be limited for one user: how many VMs, what all of them together are promised, and so on. */
export const QUOTA_KINDS = [
  'vms',
  'vcpus',
  'memoryMib',
  'diskGib',
  'snapshots',
  'executions',
  'networks',
  'securityGroups',
] as const;
export type QuotaKind = (typeof QUOTA_KINDS)[number];

/** Limits of a user's own; for what is absent the installation's holds. Whole numbers from 0 on. */
export type Quota = { readonly [Kind in QuotaKind]?: number };

/** What one user may have; null: as much as there is. */
export type QuotaLimits = Readonly<Record<QuotaKind, number | null>>;

/**
 * What one user has. VMs, disks, snapshots, networks and security groups count as long as they are kept; processors and memory only of VMs that are
 * wanted running or paused, since others hold none; executions as long as they run.
 */
export type QuotaUsage = Readonly<Record<QuotaKind, number>>;

/** The words for them on the wire, in settings and in errors. */
export const QUOTA_WORDS = {
  vms: 'vms',
  vcpus: 'vcpus',
  memoryMib: 'memory_mib',
  diskGib: 'disk_gib',
  snapshots: 'snapshots',
  executions: 'executions',
  networks: 'networks',
  securityGroups: 'security_groups',
} as const satisfies Readonly<Record<QuotaKind, string>>;

/** What holds for a user: each limit of the own ones before that of the installation. */
export function limitsOf(own: Quota | null, ofInstallation: Quota): QuotaLimits {
  const limit = (kind: QuotaKind): number | null => own?.[kind] ?? ofInstallation[kind] ?? null;
  return {
    vms: limit('vms'),
    vcpus: limit('vcpus'),
    memoryMib: limit('memoryMib'),
    diskGib: limit('diskGib'),
    snapshots: limit('snapshots'),
    executions: limit('executions'),
    networks: limit('networks'),
    securityGroups: limit('securityGroups'),
  };
}
