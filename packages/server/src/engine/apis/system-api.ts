import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Component } from '../../domain/system/component.ts';
import type { StorageKind, StorageUse } from '../../domain/system/usage.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { Once } from '../requests.ts';

export interface PruneRequest {
  readonly kinds: readonly StorageKind[];
  /** Says what would go, and removes nothing. */
  readonly isDryRun: boolean;
}

/** What this installation has on the host's disk, and how its parts are. */
export interface SystemApi {
  /** By kind, in the order of `STORAGE_KINDS`, also where there is nothing. */
  usage(principal: Principal, options: Abortable): Promise<readonly StorageUse[]>;
  /** How the parts are that work depends on. */
  components(principal: Principal): Promise<readonly Component[]>;
  /** Removes what nothing needs of these kinds; the operation's result says what it was. */
  prune(principal: Principal, request: PruneRequest, options?: Once): Promise<Operation>;
}
