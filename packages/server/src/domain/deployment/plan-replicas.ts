/**
 * What is to be done for a deployment, by what is seen of its replicas: pure, and planned anew at each look, so that what was interrupted is
 * gone on with like anything else.
 *
 * A replica has a number from 1 to as many as are wanted; a number has one VM at a time. While another revision is rolled out, numbers beyond
 * those are used too, at most `maxSurge` of them, and given up when the others are there: in the end all are of one revision, from 1 on.
 *
 * Two laws hold at each look, and tests hold it to them: there are never more than `replicas + maxSurge` VMs that are not leaving, besides those
 * that a smaller number of replicas has just made superfluous; and no replica that is available is removed for a rollout if fewer than `replicas -
 * maxUnavailable` were left.
 */
import type { VmId } from '../ids.ts';
import type { Deployment } from './deployment.ts';
import type { Replica } from './replica.ts';
import type { RolloutBounds } from './strategy.ts';

export type RemovalReason = 'deleted' | 'failed' | 'refused' | 'scaled-down' | 'outdated';

export type ReplicaAction =
  | { readonly kind: 'create'; readonly index: number; readonly revision: number }
  | { readonly kind: 'remove'; readonly vmId: VmId; readonly index: number; readonly why: RemovalReason };

/** What is wanted and seen. */
export interface DeploymentView extends Pick<Deployment, 'replicas' | 'isPaused' | 'isDeleting' | 'target' | 'stable'> {
  readonly rollout: Deployment['rollout']['state'];
  readonly bounds: RolloutBounds;
  readonly seen: readonly Replica[];
  /** Numbers for which no VM is to be made yet. */
  readonly waiting: ReadonlySet<number>;
}

/** The next actions, removals first; those that are superfluous go from the highest number on. */
export function planReplicas(view: DeploymentView): readonly ReplicaAction[] {
  const live = view.seen.filter(({ state }) => state !== 'leaving');
  if (view.isDeleting) return live.map((replica) => removal(replica, 'deleted')).toReversed();
  const removed = planRemovals(view, live);
  return [...removed, ...planCreations(view, live, removed)];
}

/** Whether all that are wanted are of the wanted revision and available, and no others are left of another. */
export function isRolledOut({ replicas, target, seen, rollout, stable }: DeploymentView): boolean {
  if (rollout === 'stopped' && stable > 0) return false;
  const live = seen.filter(({ state }) => state !== 'leaving');
  const done = live.filter((replica) => replica.revision === target && replica.state === 'available');
  const inPlace = new Set(done.filter(({ index }) => index <= replicas).map(({ index }) => index));
  return inPlace.size === replicas && live.every(({ revision }) => revision === target);
}

/** How far a rollout is: it comes further when this grows. */
export function progressOf({ target, seen }: DeploymentView): number {
  const live = seen.filter(({ state }) => state !== 'leaving');
  const available = live.filter(({ revision, state }) => revision === target && state === 'available').length;
  return 2 * available - live.filter(({ revision }) => revision !== target).length;
}

function planRemovals(view: DeploymentView, live: readonly Replica[]): readonly ReplicaAction[] {
  const { replicas, bounds, rollout } = view;
  const actions: ReplicaAction[] = [];
  const gone = new Set<VmId>();
  const remove = (replica: Replica, why: RemovalReason): void => {
    gone.add(replica.vmId);
    actions.push(removal(replica, why));
  };
  // As long as not all are of one revision, those beyond are needed in the place of others.
  const last = rollout === 'complete' ? replicas : replicas + bounds.maxSurge;
  for (const replica of live.toSorted(byNumberDown)) {
    if (replica.index > last) remove(replica, 'scaled-down');
    else if (replica.state === 'failed') remove(replica, 'failed');
    else if (isRefused(view, replica)) remove(replica, 'refused');
  }
  const left = live.filter(({ vmId }) => !gone.has(vmId));
  for (const replica of replaceable(view, left)) remove(replica, replica.index > replicas ? 'scaled-down' : 'outdated');
  return actions;
}

/** A rollout that was stopped leaves nothing of the wanted revision that does not work. */
function isRefused({ rollout, stable, target }: DeploymentView, { revision, state }: Replica): boolean {
  const canFallBack = stable > 0 && stable !== target;
  return rollout === 'stopped' && canFallBack && revision === target && state !== 'available';
}

/** Those of `left` that give way now: first what is not available, then as many as may be missing. */
function replaceable(view: DeploymentView, left: readonly Replica[]): readonly Replica[] {
  const { replicas, bounds, target } = view;
  const leastAvailable = Math.max(0, replicas - bounds.maxUnavailable);
  const candidates = left.filter((replica) => isReplaceable(view, left, replica)).toSorted(byNumber);
  const isCurrent = ({ revision, index }: Replica): boolean => revision === target && index <= replicas;
  const pending = left.filter((replica) => isCurrent(replica) && replica.state !== 'available').length;
  const available = left.filter(({ state }) => state === 'available').length;
  const broken = candidates
    .filter(({ state }) => state !== 'available')
    .slice(0, Math.max(0, left.length - leastAvailable - pending));
  const working = candidates
    .filter(({ state }) => state === 'available')
    .slice(0, Math.max(0, available - leastAvailable));
  return [...broken, ...working];
}

function isReplaceable(view: DeploymentView, left: readonly Replica[], { index, revision }: Replica): boolean {
  const { replicas, target } = view;
  if (view.rollout === 'complete') return false;
  const isOutdated = revision !== target;
  if (index <= replicas) return isOutdated && isRolling(view);
  // Beyond: only as long as it is in the place of one that is still to be replaced.
  return !isRolling(view) || isOutdated || !left.some((other) => other.index <= replicas && other.revision !== target);
}

function planCreations(
  view: DeploymentView,
  live: readonly Replica[],
  removed: readonly ReplicaAction[],
): readonly ReplicaAction[] {
  const { replicas, target, stable, waiting, seen, bounds } = view;
  // A VM has its name until it is gone.
  const taken = new Set(seen.map(({ index }) => index));
  const going = new Set(removed.map((action) => action.index));
  const isFree = (index: number): boolean => !taken.has(index) && !waiting.has(index);
  const revision = isRolling(view) || stable === 0 ? target : stable;
  const actions: ReplicaAction[] = [];
  for (let index = 1; index <= replicas; index++) if (isFree(index)) actions.push({ kind: 'create', index, revision });
  if (!isRolling(view)) return actions;
  const outdated = live.filter(
    (replica) => replica.index <= replicas && replica.revision !== target && !going.has(replica.index),
  );
  const extra = Math.min(bounds.maxSurge, outdated.length);
  for (let index = replicas + 1; index <= replicas + extra; index++)
    if (isFree(index)) actions.push({ kind: 'create', index, revision: target });
  return actions;
}

function isRolling({ rollout, isPaused }: DeploymentView): boolean {
  return rollout === 'progressing' && !isPaused;
}

function removal({ vmId, index }: Replica, why: RemovalReason): ReplicaAction {
  return { kind: 'remove', vmId, index, why };
}

function byNumber(a: Replica, b: Replica): number {
  return a.index - b.index;
}

function byNumberDown(a: Replica, b: Replica): number {
  return b.index - a.index;
}
