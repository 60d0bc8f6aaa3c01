import type { OperationId } from '../../domain/ids.ts';
import type { Operation, OperationKind, OperationState } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Once, Page } from '../requests.ts';
import type { Waiting } from './waiting.ts';

export interface OperationApi {
  /** Throws `not_found` operation.unknown. */
  get(principal: Principal, id: OperationId): Promise<Operation>;
  list(
    principal: Principal,
    request: {
      readonly limit: number;
      readonly after: OperationId | null;
      /** Id or name; also of a VM that is gone, by id. */
      readonly vm?: string;
      readonly state?: OperationState;
      readonly kind?: OperationKind;
    },
  ): Promise<Page<Operation, OperationId>>;
  /**
   * Ends an operation before it is done. What it was about to make is unmade: a VM that was being created is deleted, by
   * an operation of its own that the `details` of the error name; one that was being started or restarted is stopped again, likewise.
   * Any other VM stays as it is seen to be, and that is what is wanted of it from now on. Throws `failed_precondition`
   * operation.final, operation.not_cancellable.
   */
  cancel(principal: Principal, id: OperationId, options: Once & { readonly signal: AbortSignal }): Promise<Operation>;
  /**
   * When an operation on this VM is expected to be over: the median of the last 20 that have succeeded, of its kind and driver, after it began. Before there are any, of those that boot
   * a guest; before these, how long a guest may take at most.
   */
  estimate(operation: Operation, vm: Pick<Vm, 'driver'>): Promise<EpochMs>;
  /** The same of any operation, by its id; null where none of its kind is known, and it boots no guest. Throws `not_found` operation.unknown. */
  expect(principal: Principal, id: OperationId): Promise<ExpectedEnd>;
  /** Resolves with the operation when it is final, or as it is when the time is over. */
  wait(principal: Principal, id: OperationId, waiting: Waiting): Promise<Operation>;
  /** The operation at each change, until it is final or the signal is aborted. */
  follow(principal: Principal, id: OperationId, options: { readonly signal: AbortSignal }): AsyncIterable<Operation>;
}

/** When an operation is expected to be over; when it was, of one that is. */
export interface ExpectedEnd {
  readonly at: EpochMs | null;
  readonly isFinal: boolean;
}
