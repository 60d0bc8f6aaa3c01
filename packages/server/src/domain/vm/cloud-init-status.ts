import type { ExecutionId } from '../ids.ts';
import type { EpochMs } from '../time.ts';
import type { CloudInit } from './cloud-init.ts';

/**
 * pending   its guest has not been asked to in this life
 * running   it is under way
 * done      all that was asked for has been done
 * degraded  it is over; some of what was asked for is not possible there, and was left out
 * error     it is over; some of it failed, or all
 */
export const CLOUD_INIT_STATES = ['pending', 'running', 'done', 'degraded', 'error'] as const;
export type CloudInitState = (typeof CLOUD_INIT_STATES)[number];

/** How far cloud-init is, in one life of a VM: with each boot it does what is to be done at each boot. */
export interface CloudInitStatus {
  readonly state: CloudInitState;
  /** That life. */
  readonly incarnation: number;
  /** What it prints is the output of this execution; null before that is begun. */
  readonly executionId: ExecutionId | null;
  /** What failed or was left out, as cloud-init tells it. */
  readonly errors: readonly string[];
  readonly completedAt: EpochMs | null;
}

/** What of a VM tells of it. */
interface CloudInitFacts {
  readonly spec: { readonly cloudInit: CloudInit | null };
  readonly incarnation: number;
  readonly cloudInitStatus: CloudInitStatus | null;
}

/** How it is in the present life of a VM; null where nothing is asked of it. */
export function cloudInitStatusOf({ spec, incarnation, cloudInitStatus }: CloudInitFacts): CloudInitStatus | null {
  if (spec.cloudInit === null) return null;
  if (cloudInitStatus?.incarnation === incarnation) return cloudInitStatus;
  return { state: 'pending', incarnation, executionId: null, errors: [], completedAt: null };
}

/** Whether what runs in the VM is to wait for it. */
export function awaitsCloudInit(vm: CloudInitFacts): boolean {
  const status = cloudInitStatusOf(vm);
  return status !== null && status.completedAt === null;
}
