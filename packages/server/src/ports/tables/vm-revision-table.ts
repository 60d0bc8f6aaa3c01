import type { VmId } from '../../domain/ids.ts';
import type { VmRevision } from '../../domain/vm/revision.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { PageRequest } from '../requests.ts';

/** How VMs were set, from one change to the next. A revision is never changed. */
export interface VmRevisionTable {
  /** Throws `conflict` store.constraint when there is one of this number. `vm`: whose it is. */
  insert(revision: VmRevision, vm: Vm): Promise<void>;
  /** A setting that there was none of then is as `vm` has it now. */
  get(vm: Vm, number: number): Promise<VmRevision | null>;
  /** Newest first; `after` is the last number of the page before. */
  list(page: PageRequest<number> & { readonly vm: Vm }): Promise<readonly VmRevision[]>;
  /** The highest number; 0 when there is none. */
  latest(vmId: VmId): Promise<number>;
  /** Removes those of this VM up to this number, or all. */
  delete(vmId: VmId, upTo?: number): Promise<void>;
}
