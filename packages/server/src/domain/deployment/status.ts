import type { EpochMs } from '../time.ts';
import {
  type Condition,
  type Deployment,
  type DeploymentPhase,
  type DeploymentStatus,
  replicaName,
} from './deployment.ts';
import type { Replica } from './replica.ts';
import { isCrashLooping } from './slot-backoff.ts';
import { boundsOf } from './strategy.ts';

/** Why replicas that are wanted could not be made. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** What is shown of a deployment, by what is seen of its replicas; `names`: of their VMs, by number; `limit`: why it cannot scale as it would. */
export function statusOf(
  deployment: Deployment,
  seen: readonly Replica[],
  {
    names,
    refusal,
    limit,
    now,
  }: {
    readonly names: readonly string[];
    readonly refusal: Refusal | null;
    readonly limit: Refusal | null;
    readonly now: EpochMs;
  },
): DeploymentStatus {
  const live = seen.filter(({ state }) => state !== 'leaving');
  const counts = {
    replicas: live.length,
    updated: live.filter(({ revision }) => revision === deployment.target).length,
    ready: live.filter(({ state }) => state === 'ready' || state === 'available').length,
    available: live.filter(({ state }) => state === 'available').length,
    leaving: seen.length - live.length,
  };
  const judged = { deployment, counts, refusal, limit };
  return {
    phase: phaseOf(judged),
    observedGeneration: deployment.generation,
    ...counts,
    vms: names,
    conditions: conditionsOf(judged).map((condition) => keepSince(deployment.status.conditions, condition, now)),
  };
}

interface Judged {
  readonly deployment: Deployment;
  readonly counts: Pick<DeploymentStatus, 'replicas' | 'updated' | 'ready' | 'available' | 'leaving'>;
  readonly refusal: Refusal | null;
  readonly limit: Refusal | null;
}

function phaseOf({ deployment, counts, refusal }: Judged): DeploymentPhase {
  const { replicas, rollout, stable, backoffs, isDeleting } = deployment;
  if (isDeleting) return 'deleting';
  if (rollout.state === 'stopped') return 'failed';
  const isLooping = backoffs.some(isCrashLooping);
  if (replicas > 0 && counts.available === 0 && (isLooping || (refusal !== null && counts.replicas === 0)))
    return 'failed';
  if (rollout.state === 'progressing') return stable === 0 ? 'pending' : 'updating';
  if (isLooping || refusal !== null) return 'degraded';
  if (counts.available === replicas && counts.replicas === replicas && counts.leaving === 0) return 'running';
  return counts.available < replicas && backoffs.length > 0 ? 'degraded' : 'scaling';
}

type Judgement = Omit<Condition, 'since'>;

function conditionsOf(judged: Judged): readonly Judgement[] {
  return [availability(judged), progress(judged), replicaFailure(judged), crashLoop(judged), ...scalingLimit(judged)];
}

function availability({ deployment, counts }: Judged): Judgement {
  const { replicas, strategy } = deployment;
  const least = replicas - boundsOf(strategy, replicas).maxUnavailable;
  const isTrue = counts.available >= least;
  const message = `${counts.available} of ${replicas} replicas are available; at least ${least} have to be.`;
  return { type: 'available', isTrue, reason: isTrue ? 'enough_available' : 'too_few_available', message };
}

function progress({ deployment, counts }: Judged): Judgement {
  const { rollout, isPaused, target, replicas } = deployment;
  const type = 'progressing';
  const soFar = `${counts.updated} of ${replicas} replicas are of revision ${target}, and ${counts.available} are available.`;
  if (rollout.state === 'stopped')
    return { type, isTrue: false, reason: 'progress_deadline_exceeded', message: rollout.message ?? soFar };
  if (rollout.state === 'complete')
    return { type, isTrue: true, reason: 'rolled_out', message: `Revision ${target} is rolled out.` };
  if (isPaused) return { type, isTrue: false, reason: 'paused', message: `Paused: ${soFar}` };
  return { type, isTrue: true, reason: 'rolling_out', message: soFar };
}

function replicaFailure({ refusal }: Judged): Judgement {
  const type = 'replica_failure';
  if (refusal === null) return { type, isTrue: false, reason: 'none', message: 'All that are wanted could be made.' };
  return { type, isTrue: true, ...refusal };
}

function crashLoop({ deployment }: Judged): Judgement {
  const type = 'crash_looping';
  const looping = deployment.backoffs.filter(isCrashLooping);
  const [first] = looping;
  if (first === undefined) return { type, isTrue: false, reason: 'none', message: 'None fails again and again.' };
  const more = looping.length === 1 ? '' : ` ${looping.length - 1} more do, too.`;
  const message = `${replicaName(deployment, first.index)} failed ${first.failures} times in a row: ${first.message}${more}`;
  return { type, isTrue: true, reason: 'replicas_fail', message };
}

function scalingLimit({ deployment, limit }: Judged): readonly Judgement[] {
  if (deployment.autoscaling === null) return [];
  const type = 'scaling_limited';
  if (limit === null) return [{ type, isTrue: false, reason: 'none', message: 'It has as many as it takes.' }];
  return [{ type, isTrue: true, ...limit }];
}

/** A condition that is as it was has been so since then. */
function keepSince(before: readonly Condition[], condition: Judgement, now: EpochMs): Condition {
  const same = before.find((each) => each.type === condition.type && each.isTrue === condition.isTrue);
  return { ...condition, since: same?.since ?? now };
}
