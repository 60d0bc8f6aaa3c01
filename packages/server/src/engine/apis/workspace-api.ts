import type { WorkspaceId } from '../../domain/ids.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Lifetime } from '../../domain/vm/expiry.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { CreateVmRequest } from '../../domain/vm/vm-request.ts';
import type { WorkspaceStatus } from '../../domain/workspace/status.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { Once, Page, Unchanged } from '../requests.ts';
import type { Waiting } from './waiting.ts';

export interface CreateWorkspaceRequest {
  readonly name: string;
  /** The driver that its VM runs by; absent: what the server is set to, else its first. */
  readonly provider?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
  /** Absent: as long as the server lets one live, else for good. */
  readonly lifetime?: Lifetime;
  readonly repository: { readonly url: string; readonly ref?: string; readonly directory?: string } | null;
  readonly prepSteps: readonly { readonly command: string; readonly timeoutSeconds?: number }[];
  /** What its VM is to be. */
  readonly vm: Pick<CreateVmRequest, 'template' | 'spec' | 'tools' | 'warmStart' | 'secrets'>;
}

/** What is absent stays as it is. */
export interface WorkspaceChange {
  readonly labels?: Readonly<Record<string, string>>;
  readonly metadata?: JsonObject;
  /** Null: for good. */
  readonly lifetime?: Lifetime | null;
}

/** A workspace as it is now. */
export interface SeenWorkspace {
  readonly workspace: Workspace;
  readonly vm: Vm;
  readonly status: WorkspaceStatus;
  /** Why it failed; else null. */
  readonly message: string | null;
  /** By what else its machine is known on its host, such as the id of a container; null: by nothing, or there is none. */
  readonly machineName: string | null;
}

/**
 * VMs that belong to somebody for a time. One is referred to by its id, or by its name: among the asker's own, and for who sees those of others
 * by a name that only one has. An unknown one is `not_found` workspace.unknown; a name that several have `failed_precondition` workspace.ambiguous_name.
 */
export interface WorkspaceApi {
  /**
   * Stores it with its VM; what is to be done in that comes by itself. Throws as a VM's creation does, and `already_exists` workspace.name_taken,
   * `invalid_argument` workspace.*.
   */
  create(principal: Principal, request: CreateWorkspaceRequest, options?: Once): Promise<SeenWorkspace>;
  get(principal: Principal, ref: string): Promise<SeenWorkspace>;
  list(
    principal: Principal,
    request: { readonly limit: number; readonly after: WorkspaceId | null; readonly selector?: string },
  ): Promise<Page<SeenWorkspace, WorkspaceId>>;
  /** Throws `failed_precondition` workspace.being_deleted, `conflict` workspace.changed, `invalid_argument` workspace.ttl_too_long, vm.invalid_expiry. */
  update(principal: Principal, ref: string, change: WorkspaceChange, options?: Unchanged): Promise<SeenWorkspace>;
  /** It lives for so long from now on. Throws as `update`, and `failed_precondition` workspace.not_longer if it lives longer already. */
  extend(principal: Principal, ref: string, lifetime: Lifetime, options?: Unchanged & Once): Promise<SeenWorkspace>;
  /** Has it go with its VM, from whatever state. Twice is as good as once. */
  delete(principal: Principal, ref: string, options?: Unchanged): Promise<SeenWorkspace>;
  /**
   * Resolves when it is in this status, or is gone while `absent` is waited for (then with null); `settled`: whatever it comes to once it is made.
   * Throws `deadline_exceeded` workspace.wait_timeout, `failed_precondition` workspace.failed.
   */
  wait(
    principal: Principal,
    ref: string,
    status: WorkspaceStatus | 'settled' | 'absent',
    waiting: Waiting,
  ): Promise<SeenWorkspace | null>;
}
