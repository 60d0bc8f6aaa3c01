import type { VmId } from '../ids.ts';
import type { Vm } from '../vm/vm.ts';

/**
 * starting   on its way, or held by somebody: not ready, and left alone
 * ready      running and healthy, but not for long enough to count
 * available  ready for long enough
 * failed     to be replaced
 * leaving    being deleted
 */
export type ReplicaState = 'starting' | 'ready' | 'available' | 'failed' | 'leaving';

/** One VM of a deployment, as it is seen. */
export interface Replica {
  readonly vmId: VmId;
  readonly index: number;
  readonly revision: number;
  readonly state: ReplicaState;
  /** How long it has been ready, milliseconds; 0 if it is not. */
  readonly readyMs: number;
  /** Why it failed, for people; else null. */
  readonly failure: string | null;
}

/** What of a VM tells how it is as a replica. */
export type ReplicaVm = Pick<Vm, 'id' | 'name' | 'status' | 'health' | 'restarts' | 'generation'> & {
  readonly desired: Pick<Vm['desired'], 'power'>;
  readonly index: number;
  readonly revision: number;
};

/** A guest whose agent has been silent for so long is taken for lost, milliseconds. */
export const SILENCE_MS = 60_000;

/** Running, and its health check succeeds; where it has none, its agent answers. */
export function isReady({ desired, status, health }: ReplicaVm): boolean {
  return desired.power === 'running' && status.phase === 'running' && health === 'healthy';
}

/** Its guest's agent answers no more, which may pass. */
export function isSilent({ desired, status, health }: ReplicaVm): boolean {
  return desired.power === 'running' && status.phase === 'running' && health === 'degraded';
}

/** Whether it is to be replaced, and why. `silentMs`: for how long it has been silent. */
function failureOf(vm: ReplicaVm, silentMs: number): string | null {
  const { status, health, restarts, desired } = vm;
  // Its own restart policy comes first.
  if (restarts.at !== null) return null;
  if (status.phase === 'failed') return status.failure.message;
  if (status.phase === 'stopped' && desired.power === 'stopped') return 'It was stopped.';
  if (status.phase !== 'running' || desired.power !== 'running') return null;
  if (health === 'unhealthy') return 'Its health check failed.';
  return health === 'degraded' && silentMs >= SILENCE_MS ? 'Its guest does not answer.' : null;
}

/** The replica, by how long it has been ready and silent. */
export function toReplica(
  vm: ReplicaVm,
  seen: { readonly readyMs: number; readonly silentMs: number; readonly minReadyMs: number },
): Replica {
  const failure = failureOf(vm, seen.silentMs);
  const { id: vmId, index, revision } = vm;
  const base = { vmId, index, revision, readyMs: seen.readyMs, failure: null };
  if (vm.desired.power === 'absent') return { ...base, state: 'leaving' };
  if (failure !== null) return { ...base, state: 'failed', failure };
  if (!isReady(vm)) return { ...base, state: 'starting', readyMs: 0 };
  return { ...base, state: seen.readyMs >= seen.minReadyMs ? 'available' : 'ready' };
}
