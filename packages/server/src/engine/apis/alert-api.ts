import type { Alert, AlertKind, AlertState } from '../../domain/alert/alert.ts';
import type { AlertId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Page } from '../requests.ts';

export interface AlertSelection {
  readonly state?: AlertState;
  readonly kind?: AlertKind;
  /** Id or name; also of a VM that is gone, by id. */
  readonly vm?: string;
}

/** What is wrong with VMs, and was; those of which may read them who may read the VM. */
export interface AlertApi {
  /** Newest first. */
  list(
    principal: Principal,
    request: AlertSelection & { readonly limit: number; readonly after: AlertId | null },
  ): Promise<Page<Alert, AlertId>>;
  count(principal: Principal, selection: AlertSelection): Promise<number>;
}
