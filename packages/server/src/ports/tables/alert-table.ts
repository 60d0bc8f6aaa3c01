import type { Alert, AlertKind, AlertState } from '../../domain/alert/alert.ts';
import type { AlertId, VmId } from '../../domain/ids.ts';
import type { OfOwner, PageRequest } from '../requests.ts';

export interface AlertFilter {
  readonly state?: AlertState;
  readonly kind?: AlertKind;
  readonly vmId?: VmId;
}

/** Alerts of VMs, also of such as are gone. */
export interface AlertTable {
  /** Throws `conflict` store.constraint where the VM has one of this kind that fires. */
  insert(alert: Alert): Promise<void>;
  /** Newest first. `after` is the last id of the page before. */
  list(page: PageRequest<AlertId> & OfOwner & AlertFilter): Promise<readonly Alert[]>;
  /** All that fire, oldest first. */
  listFiring(): Promise<readonly Alert[]>;
  count(which: OfOwner & AlertFilter): Promise<number>;
  /** The one that fires is resolved; of one that is resolved nothing changes. */
  resolve(id: AlertId, at: number): Promise<void>;
  /** Removes those that were resolved before this moment; at most `limit`. Returns how many. */
  deleteResolved(which: { readonly before: number; readonly limit: number }): Promise<number>;
}
