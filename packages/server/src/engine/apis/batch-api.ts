import type { BatchAction } from '../../domain/batch/batch.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Once } from '../requests.ts';

export interface BatchRequest {
  readonly isStoppedByError: boolean;
  /** How many are under way at the same time; 1: in order. */
  readonly concurrency: number;
  readonly items: readonly { readonly action: BatchAction; readonly vm: string; readonly graceMs: number }[];
}

/** One request for many VMs. */
export interface BatchApi {
  /**
   * All VMs are found, and what is asked of each is permitted, before anything is done; each item is then an operation of its own. The result says what came of each.
   * Throws `not_found` vm.unknown, `permission_denied` access.denied, `invalid_argument` batch.out_of_range, `resource_exhausted` batch.too_many.
   */
  run(principal: Principal, request: BatchRequest, options?: Once): Promise<Operation>;
}
