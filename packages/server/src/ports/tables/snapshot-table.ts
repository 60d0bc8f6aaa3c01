import type { SnapshotId, VmId } from '../../domain/ids.ts';
import type { Snapshot, SnapshotState } from '../../domain/snapshot/snapshot.ts';
import type { OfOwner, PageRequest } from '../requests.ts';

/** Snapshots, in the order they were made. */
export interface SnapshotTable {
  /** Throws `already_exists` snapshot.name_taken. */
  insert(snapshot: Snapshot): Promise<void>;
  get(id: SnapshotId): Promise<Snapshot | null>;
  getByName(name: string): Promise<Snapshot | null>;
  list(
    page: PageRequest<SnapshotId> &
      OfOwner & {
        readonly sourceId?: VmId;
        readonly state?: SnapshotState;
        readonly isTemporary?: boolean;
      },
  ): Promise<readonly Snapshot[]>;
  /** Those on which there is something to do by themselves: being made or removed, or made for a fork. */
  listUnsettled(): Promise<readonly Snapshot[]>;
  /** Writes the row if its revision is still `snapshot.revision - 1`; throws `conflict` store.revision otherwise. */
  update(snapshot: Snapshot): Promise<void>;
  /** Removes the row if its revision is still this one; throws `conflict` store.revision otherwise. */
  delete(id: SnapshotId, revision: number): Promise<void>;
  count(): Promise<number>;
  /** Those of this owner, without what forks keep for a moment. */
  countOf(owner: string): Promise<number>;
}
