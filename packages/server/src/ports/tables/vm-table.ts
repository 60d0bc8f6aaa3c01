import type { SecretId, SnapshotId, VmId } from '../../domain/ids.ts';
import type { TemplateRef } from '../../domain/template/template.ts';
import type { VmPhase } from '../../domain/vm/phase.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { OfOwner, PageRequest } from '../requests.ts';

/** What VMs were promised, all together, and of disk volumes too. */
export interface Promised {
  readonly vmCount: number;
  /** Those that are wanted running or paused, or are deleted with time for their guests, and the memory of these. */
  readonly poweredCount: number;
  readonly memoryMib: number;
  /** Virtual sizes of all disks. */
  readonly diskGib: number;
}

/** What one user has of VMs. */
export interface VmUsage {
  /** Those that are kept, whatever they are doing, and the virtual sizes of their disks. */
  readonly vms: number;
  readonly diskGib: number;
  /** Of those that are wanted running or paused. */
  readonly vcpus: number;
  readonly memoryMib: number;
}

/** Which VMs are meant; absent: all. */
export interface VmFilter {
  readonly ids?: readonly VmId[];
  readonly phases?: readonly VmPhase[];
  readonly name?: string;
  /** Those that are suspended when they are idle. */
  readonly isAutoSuspended?: true;
  readonly drivers?: readonly Vm['driver'][];
  /** A part of the name or of the id, in any case. */
  readonly search?: string;
}

/** VMs, in the order they were made. */
export interface VmTable {
  /** Throws `already_exists` vm.name_taken. */
  insert(vm: Vm): Promise<void>;
  get(id: VmId): Promise<Vm | null>;
  getByName(name: string): Promise<Vm | null>;
  /** `offset`: how many are left out before the first one. */
  list(page: PageRequest<VmId> & OfOwner & VmFilter & { readonly offset?: number }): Promise<readonly Vm[]>;
  count(which: OfOwner & VmFilter): Promise<number>;
  /** All of them, or those of this driver, in the order they were made: cheap, however many there are. */
  listIds(driver?: Vm['driver']): Promise<readonly VmId[]>;
  /** Writes the row if its revision is still `vm.revision - 1`; throws `conflict` store.revision otherwise. */
  update(vm: Vm): Promise<void>;
  /** Removes the row if its revision is still this one; throws `conflict` store.revision otherwise. */
  delete(id: VmId, revision: number): Promise<void>;
  /** What all VMs on the host together were promised, for admission. */
  promised(): Promise<Promised>;
  /** What the VMs of this owner come to, for quotas. */
  usageOf(owner: string): Promise<VmUsage>;
  /** VMs with a life to come that begins from this snapshot, in the order they were made; at most `limit`. */
  listPendingFrom(snapshotId: SnapshotId, limit: number): Promise<readonly Vm[]>;
  /** VMs that are given this secret, in the order they were made; at most `limit`. */
  listGiven(secretId: SecretId, limit: number): Promise<readonly Vm[]>;
  /** VMs that were made from this version of a template, or from any, in the order they were made; at most `limit`. */
  listMadeFrom(template: TemplateRef, limit: number): Promise<readonly Vm[]>;
  /** VMs that are deleted by themselves some day, the next one first. */
  listExpiries(): Promise<readonly Vm[]>;
  /**
   * A number that grows with each committed change of this table; null where another process may write. What was read
   * while it had this value is still true while it has it.
   */
  changeCount(): number | null;
}
