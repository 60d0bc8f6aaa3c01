/** What may be limited for one user: how many VMs, what all of them together are promised, and so on. */
export const QUOTA_KINDS = ['vms', 'vcpus', 'memoryMib', 'diskGib', 'snapshots', 'executions'] as const;

/** Limits of a user's own; for what is absent the installation's holds. Whole numbers from 0 on. */
export type Quota = { readonly [Kind in (typeof QUOTA_KINDS)[number]]?: number };
