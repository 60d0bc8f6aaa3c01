import type { BatchAction } from '../../domain/batch/batch.ts';
import type { ExecRequest } from '../../domain/execution/execution.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { CreateVmRequest } from '../../domain/vm/vm-request.ts';
import type { Once } from '../requests.ts';

export interface BatchRequest {
  readonly isStoppedByError: boolean;
  /** How many are under way at the same time; 1: in order. */
  readonly concurrency: number;
  readonly items: readonly BatchItemRequest[];
}

/** VMs that are there: one by its name or id, or all that have such labels. */
export type BatchTarget = { readonly vm: string } | { readonly selector: string };

export type BatchItemRequest =
  | { readonly action: 'create'; readonly request: CreateVmRequest }
  | { readonly action: 'exec'; readonly target: BatchTarget; readonly request: ExecRequest }
  | {
      readonly action: Exclude<BatchAction, 'create' | 'exec'>;
      readonly target: BatchTarget;
      /** Of a stop or a restart; else 0. */
      readonly graceMs: number;
    };

/** One request for many VMs. */
export interface BatchApi {
  /**
   * All VMs are found, and what is asked of each is permitted, before anything is done; each item is then an operation of its own, or an execution. Whether a VM can
   * be created is asked when its turn comes. The result says what came of each. Throws `not_found` vm.unknown / batch.nothing_selected, `permission_denied` access.denied,
   * `invalid_argument` batch.out_of_range / selector.invalid, `resource_exhausted` batch.too_many.
   */
  run(principal: Principal, request: BatchRequest, options?: Once): Promise<Operation>;
}
