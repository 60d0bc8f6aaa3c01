import type { Deployment } from '../../domain/deployment/deployment.ts';
import {
  isReady,
  isSilent,
  type Replica,
  type ReplicaVm,
  SILENCE_MS,
  toReplica,
} from '../../domain/deployment/replica.ts';
import type { Refusal } from '../../domain/deployment/status.ts';
import type { DeploymentId, VmId } from '../../domain/ids.ts';
import type { Clock } from '../../ports/clock.ts';

/** Since when a VM has been ready, or silent; and how long it was ready, last. */
interface Seen {
  readonly readySinceMs: number | null;
  readonly silentSinceMs: number | null;
  readonly readyMs: number;
}

/** How far a rollout was, and since when it has come no further. */
interface Progress {
  readonly key: string;
  readonly best: number;
  readonly sinceMs: number;
}

/** What is known of one deployment besides what is stored. */
interface Memory {
  readonly vms: Map<VmId, Seen>;
  progress: Progress | null;
  /** Why it cannot scale as it would. */
  limit: Refusal | null;
  /** Of what was wanted in this generation. */
  refusal: (Refusal & { readonly generation: number; readonly count: number; readonly retryAtMs: number }) | null;
}

type Wanted = Pick<Deployment, 'id' | 'generation'>;

/** Waits after replicas could not be made, milliseconds: doubled each time. */
const REFUSAL_BACKOFF = { firstMs: 1_000, longestMs: 60_000 } as const;

/**
 * How long things have been as they are, by a clock that does not jump. Each server begins to count anew: a rollout has its whole time again,
 * and a replica counts later, which replaces nothing too early.
 */
export interface ReplicaWatch {
  /** Looks at all VMs of a deployment, and says when another look is due because of time alone; null: never. */
  look(
    deployment: Deployment,
    vms: readonly ReplicaVm[],
  ): { readonly seen: readonly Replica[]; readonly dueInMs: number | null };
  /** Whether this is the furthest that the rollout has come, and for how long it has come no further. */
  noteProgress(deployment: Deployment, progress: number): { readonly isFurther: boolean; readonly stuckMs: number };
  /** The deployment whose replica this is, as far as is known. */
  deploymentOf(vmId: VmId): DeploymentId | null;
  noteRefusal(deployment: Wanted, refusal: Refusal | null): void;
  /** Why what is wanted now could not be made; null: nothing was refused. */
  refusalOf(deployment: Wanted): Refusal | null;
  /** How long nothing is made because it was refused; 0: it may be tried. */
  refusedForMs(deployment: Wanted): number;
  /** Why it cannot scale by itself as it would; null: nothing is in its way. True when that is new. */
  noteLimit(id: DeploymentId, limit: Refusal | null): boolean;
  limitOf(id: DeploymentId): Refusal | null;
  forget(id: DeploymentId): void;
}

export function createReplicaWatch(clock: Pick<Clock, 'monotonicMs'>): ReplicaWatch {
  const memories = new Map<DeploymentId, Memory>();
  const deployments = new Map<VmId, DeploymentId>();

  function memoryOf(id: DeploymentId): Memory {
    const known = memories.get(id) ?? { vms: new Map(), progress: null, limit: null, refusal: null };
    memories.set(id, known);
    return known;
  }

  /** What was refused of something else says nothing of what is wanted now. */
  function presentRefusal({ id, generation }: Wanted): Memory['refusal'] {
    const refusal = memories.get(id)?.refusal ?? null;
    return refusal?.generation === generation ? refusal : null;
  }

  function dropGone(memory: Memory, vms: readonly ReplicaVm[]): void {
    const ids = new Set(vms.map(({ id }) => id));
    for (const id of memory.vms.keys()) {
      if (ids.has(id)) continue;
      memory.vms.delete(id);
      deployments.delete(id);
    }
  }

  return {
    look({ id, strategy }, vms) {
      const memory = memoryOf(id);
      const nowMs = clock.monotonicMs();
      const minReadyMs = strategy.minReadySeconds * 1_000;
      let dueInMs: number | null = null;
      const seen = vms.map((vm) => {
        const now = seeAgain(memory.vms.get(vm.id), vm, nowMs);
        memory.vms.set(vm.id, now);
        deployments.set(vm.id, id);
        const silentMs = now.silentSinceMs === null ? 0 : nowMs - now.silentSinceMs;
        const replica = toReplica(vm, { readyMs: now.readyMs, silentMs, minReadyMs });
        if (replica.state === 'ready') dueInMs = earlier(dueInMs, minReadyMs - now.readyMs);
        if (now.silentSinceMs !== null && replica.state === 'starting')
          dueInMs = earlier(dueInMs, SILENCE_MS - silentMs);
        return replica;
      });
      dropGone(memory, vms);
      return { seen, dueInMs };
    },
    noteProgress({ id, target, rollout, replicas, isPaused }, progress) {
      const memory = memoryOf(id);
      const nowMs = clock.monotonicMs();
      const key = `${target} ${rollout.startedAt} ${replicas}`;
      const before = memory.progress?.key === key ? memory.progress : null;
      const isFurther = before === null || progress > before.best;
      // While it is paused its time stands still.
      if (isFurther || isPaused)
        memory.progress = { key, best: Math.max(progress, before?.best ?? progress), sinceMs: nowMs };
      return { isFurther: before !== null && isFurther, stuckMs: nowMs - (memory.progress?.sinceMs ?? nowMs) };
    },
    deploymentOf: (vmId) => deployments.get(vmId) ?? null,
    noteRefusal(deployment, refusal) {
      const { id, generation } = deployment;
      const count = (presentRefusal(deployment)?.count ?? 0) + 1;
      const retryAtMs = clock.monotonicMs() + waitAfterRefusals(count);
      memoryOf(id).refusal = refusal === null ? null : { ...refusal, generation, count, retryAtMs };
    },
    refusalOf(deployment) {
      const refusal = presentRefusal(deployment);
      return refusal === null ? null : { reason: refusal.reason, message: refusal.message };
    },
    refusedForMs: (deployment) => Math.max(0, (presentRefusal(deployment)?.retryAtMs ?? 0) - clock.monotonicMs()),
    noteLimit(id, limit) {
      const memory = memoryOf(id);
      const isNew = memory.limit?.message !== limit?.message;
      memory.limit = limit;
      return isNew;
    },
    limitOf: (id) => memories.get(id)?.limit ?? null,
    forget(id) {
      for (const vmId of memories.get(id)?.vms.keys() ?? []) deployments.delete(vmId);
      memories.delete(id);
    },
  };
}

function waitAfterRefusals(count: number): number {
  return Math.min(REFUSAL_BACKOFF.longestMs, REFUSAL_BACKOFF.firstMs * 2 ** Math.min(20, count - 1));
}

function seeAgain(before: Seen | undefined, vm: ReplicaVm, nowMs: number): Seen {
  const readySinceMs = isReady(vm) ? (before?.readySinceMs ?? nowMs) : null;
  return {
    readySinceMs,
    silentSinceMs: isSilent(vm) ? (before?.silentSinceMs ?? nowMs) : null,
    // Of one that is not ready any more: how long it was.
    readyMs: readySinceMs === null ? (before?.readyMs ?? 0) : nowMs - readySinceMs,
  };
}

function earlier(a: number | null, b: number): number {
  return a === null ? b : Math.min(a, b);
}
