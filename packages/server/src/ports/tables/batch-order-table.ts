import type { BatchOrders } from '../../domain/batch/batch.ts';
import type { OperationId } from '../../domain/ids.ts';

/** What batches are to do, besides what their operations show. It goes with the operation. */
export interface BatchOrderTable {
  /** In the transaction that stores the operation; once. Throws `conflict` store.constraint where there is none. */
  insert(id: OperationId, orders: BatchOrders): Promise<void>;
  /** Null where the batch needs none. */
  get(id: OperationId): Promise<BatchOrders | null>;
}
