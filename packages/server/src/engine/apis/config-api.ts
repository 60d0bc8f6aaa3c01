import type { VmAlerts } from '../../domain/alert/vm-alerts.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { AskedNetwork } from '../../domain/network/vm-network.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { GrantRequest } from '../../domain/secret/grant.ts';
import type { AutoSuspend } from '../../domain/vm/auto-suspend.ts';
import type { Lifetime } from '../../domain/vm/expiry.ts';
import type { VmRevision } from '../../domain/vm/revision.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { AskedOpenapi } from '../../domain/workload/interface.ts';
import type { Page, Precondition } from '../requests.ts';

/** What takes the place of what is set. */
type PlainField = 'vcpuCount' | 'memoryMib' | 'diskGib' | 'restartPolicy' | 'workload' | 'healthCheck' | 'actions';

/** What can be changed of a VM at any time. What is absent stays as it is. */
export interface UpdateVmRequest {
  /** Its guest calls itself so from its next start on. */
  readonly name?: string;
  readonly spec?: Partial<Pick<VmSpec, PlainField>> & {
    readonly network?: AskedNetwork;
    readonly openapi?: AskedOpenapi | null;
  };
  /** All that its guest is to have, as they were asked for; in place of what it has. */
  readonly tools?: readonly string[];
  /** Merged: null removes a variable. */
  readonly environment?: Readonly<Record<string, string | null>>;
  /** Merged: null removes a label. */
  readonly labels?: Readonly<Record<string, string | null>>;
  /** Merged: null removes a name. */
  readonly metadata?: JsonObject;
  readonly autoSuspend?: AutoSuspend | null;
  readonly autoWake?: boolean;
  /** Merged: null has one be as the server has it. */
  readonly alerts?: Partial<VmAlerts>;
  /** Null: it is not deleted by itself any more. */
  readonly lifetime?: Lifetime | null;
  /** All that it is to be given, of its owner's; in place of what it is given now. */
  readonly secrets?: readonly GrantRequest[];
}

export interface UpdateOptions extends Precondition {
  /**
   * `live` (the default): what can be given to a machine that runs is given to it. `restart`: it is restarted, if it lacks anything.
   * `next-start`: it is left as it is.
   */
  readonly apply?: 'live' | 'restart' | 'next-start';
  /** True: a change that its machine need not know of is an operation as well, which has succeeded already. */
  readonly isAlwaysOperation?: boolean;
}

/** A VM whose settings were changed. */
export interface Updated {
  readonly vm: Vm;
  /** Brings about what the machine has to have done to it; null where it has not. */
  readonly operation: Operation | null;
}

/** How VMs are set: changing it, and the history of that. */
export interface ConfigApi {
  /**
   * Throws `invalid_argument` vm.* or, of several faults, request.invalid; `failed_precondition` vm.being_deleted, `already_exists` vm.name_taken,
   * `unsupported` driver.no_such_network_mode, `resource_exhausted` quota.exceeded / host.no_memory / host.no_disk with the figures. With `apply:
   * 'restart'` it takes `vm:power` too.
   */
  update(principal: Principal, ref: string, request: UpdateVmRequest, options: UpdateOptions): Promise<Updated>;
  /** Sets it as a revision had it, but for its image, the size of its disk, and when it is deleted by itself. Throws as `update`, and `not_found` vm.unknown_revision, secret.unknown. */
  rollBack(principal: Principal, ref: string, options: UpdateOptions & { readonly number: number }): Promise<Updated>;
  /** The VM with the number of its latest revision. */
  config(principal: Principal, ref: string): Promise<{ readonly vm: Vm; readonly number: number }>;
  /** Newest first; `after` is a number. */
  listRevisions(
    principal: Principal,
    ref: string,
    request: { readonly limit: number; readonly after: number | null },
  ): Promise<Page<VmRevision, number>>;
  /** Throws `not_found` vm.unknown_revision. */
  getRevision(principal: Principal, ref: string, number: number): Promise<VmRevision>;
}
