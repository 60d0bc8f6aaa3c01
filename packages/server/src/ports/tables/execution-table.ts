import type { Execution, OutputStream } from '../../domain/execution/execution.ts';
import type { ExecutionId, VmId } from '../../domain/ids.ts';
import type { FinishedBefore, OfOwner, PageRequest } from '../requests.ts';

/** Commands, with what they wrote. */
export interface ExecutionTable {
  insert(execution: Execution): Promise<void>;
  get(id: ExecutionId): Promise<Execution | null>;
  /** Newest first. `offset`: how many are left out before the first one. */
  list(
    page: PageRequest<ExecutionId> & OfOwner & { readonly vmId?: VmId; readonly offset?: number },
  ): Promise<readonly Execution[]>;
  count(which: OfOwner & { readonly vmId?: VmId }): Promise<number>;
  /** Those that are not final; of one VM, or of all. */
  listActive(of?: { readonly vmId: VmId }): Promise<readonly Execution[]>;
  update(execution: Execution): Promise<void>;
  /** Adds a chunk of output. Repeating a chunk that is there changes nothing; a gap throws `data_loss` store.output_gap. */
  appendOutput(id: ExecutionId, stream: OutputStream, offset: number, bytes: Uint8Array): Promise<void>;
  /**
   * Adds a chunk of a workload's output, of which what lies between may be missing, and drops pieces that end at or before `keepFrom`. Repeating
   * a chunk changes nothing.
   */
  appendNewest(
    id: ExecutionId,
    stream: OutputStream,
    chunk: { readonly offset: number; readonly bytes: Uint8Array; readonly keepFrom: number },
  ): Promise<void>;
  /**
   * The first kept output at or after `offset`, without a gap in it, at most `limitBytes`; empty at the end. `isBeforeGap`: it is less than `limitBytes`
   * because what follows it is missing, and more is kept behind that.
   */
  nextOutput(
    id: ExecutionId,
    stream: OutputStream,
    offset: number,
    limitBytes: number,
  ): Promise<{ readonly offset: number; readonly bytes: Uint8Array; readonly isBeforeGap: boolean }>;
  /** Kept output from `offset` on, at most `limitBytes`; empty at the end. */
  readOutput(id: ExecutionId, stream: OutputStream, offset: number, limitBytes: number): Promise<Uint8Array>;
  /** Where the kept output of each stream ends. */
  outputLengths(id: ExecutionId): Promise<Readonly<Record<OutputStream, number>>>;
  /** Removes finished executions, with their output, that were completed before this moment; at most `limit`. Returns how many. */
  deleteFinished(which: FinishedBefore): Promise<number>;
  /** Removes all executions of this VM with their output, finished or not. Returns how many. */
  deleteOfVm(vmId: VmId): Promise<number>;
  /** Those in this owner's VMs that are not final, workloads left out. */
  countActiveOf(owner: string): Promise<number>;
}
