import type { EpochMs } from '../time.ts';

/** What takes room on a host's disk, by what it is. */

/**
 * images          kernel, initramfs and root disk, in the cache or kept for the disks that stand on them
 * disks           what each VM has: its overlay and what lies beside it
 * snapshots       saved machines
 * warm_templates  guests that have booted, from which VMs can begin
 * volumes         disks of their own
 * tools           packs of tools, each in one version; what VMs keep of them is theirs
 * leftovers       what a server or a build that died has left
 */
export const STORAGE_KINDS = [
  'images',
  'disks',
  'snapshots',
  'volumes',
  'warm_templates',
  'tools',
  'leftovers',
] as const;
export type StorageKind = (typeof STORAGE_KINDS)[number];

/**
 * What needs a thing. `recipe`: its image is what VMs are made from now. `template`: VMs that are made from this version are given it. `deployment`: replicas of one
 * of its revisions are. `build`: it is being built, by the operation of this id.
 */
export interface StorageUser {
  readonly kind: 'vm' | 'snapshot' | 'recipe' | 'template' | 'deployment' | 'build';
  /** Null for a recipe, which has a name alone. Of a template its name is `name@version`. */
  readonly id: string | null;
  readonly name: string;
}

/** One thing on the disk, with what needs it. */
export interface StoredThing {
  readonly kind: StorageKind;
  /** A digest, an id, a key; of a leftover its name. */
  readonly id: string;
  readonly name: string | null;
  /** Bytes that it really has on the disk. */
  readonly bytes: number;
  /** When a VM was last made of it; null where nobody notes that. */
  readonly usedAt: EpochMs | null;
  readonly usedBy: readonly StorageUser[];
  /** Nothing needs it: it goes when its kind is pruned. */
  readonly isReclaimable: boolean;
}

/** All things of a kind. */
export interface StorageUse {
  readonly kind: StorageKind;
  readonly count: number;
  readonly bytes: number;
  readonly reclaimableBytes: number;
  /** Largest first. */
  readonly things: readonly StoredThing[];
}
