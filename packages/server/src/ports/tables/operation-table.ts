import type { OperationId, VmId } from '../../domain/ids.ts';
import type { Operation, OperationKind, OperationState } from '../../domain/operation/operation.ts';
import type { FinishedBefore, OfOwner, PageRequest } from '../requests.ts';

export interface OperationTable {
  /** Throws `conflict` operation.active if the VM has an operation that is not final. */
  insert(operation: Operation): Promise<void>;
  get(id: OperationId): Promise<Operation | null>;
  /** Newest first. `after` is the last id of the page before. */
  list(
    page: PageRequest<OperationId> &
      OfOwner & {
        readonly vmId?: VmId;
        readonly state?: OperationState;
        readonly kind?: OperationKind;
      },
  ): Promise<readonly Operation[]>;
  /** Writes the row if its revision is still `operation.revision - 1`; throws `conflict` store.revision otherwise. */
  update(operation: Operation): Promise<void>;
  /** The VM's operation that is not final, if there is one: never more than one. */
  findActive(vmId: VmId): Promise<Operation | null>;
  /** All that are not final, oldest first: what a starting server has to go on with. */
  listActive(): Promise<readonly Operation[]>;
  /** Removes finished operations that were completed before this moment; at most `limit`. Returns how many. */
  deleteFinished(which: FinishedBefore): Promise<number>;
}
