/**
 * Keeps deployments as they are wanted: look at all replicas, plan, do a part of it, look again, until nothing is left to do.
 *
 *   a VM changed --+
 *   a request -----+--> (queue, one look at a time) --> look -> plan -> remove, make -> look ... -> write what is seen
 *   time is over --+
 *
 * What is done is written in small transactions, so that a thousand replicas keep nobody waiting. A look costs as much as the deployment has
 * replicas, whatever else there is; changes that come close together are looked at together.
 */
import type { Deployment, ReplicaContent, SlotBackoff } from '../../domain/deployment/deployment.ts';
import {
  type DeploymentView,
  isRolledOut,
  planReplicas,
  progressOf,
  type ReplicaAction,
} from '../../domain/deployment/plan-replicas.ts';
import type { Replica, ReplicaVm } from '../../domain/deployment/replica.ts';
import { backOff, SLOT_BACKOFF } from '../../domain/deployment/slot-backoff.ts';
import { statusOf } from '../../domain/deployment/status.ts';
import { boundsOf } from '../../domain/deployment/strategy.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import { type DeploymentId, parseId } from '../../domain/ids.ts';
import type { EngineDeps } from '../deps.ts';
import { isConflict } from '../is-conflict.ts';
import type { OperationDeps } from '../operations/request-change.ts';
import { everyDeployment } from '../queries/every-deployment.ts';
import { deploymentEvent } from './deployment-events.ts';
import { writeCreations, writeDeployment, writeDeploymentGone, writeRemovals } from './deployment-writer.ts';
import type { ReplicaWatch } from './replica-watch.ts';

export type KeeperDeps = OperationDeps & Pick<EngineDeps, 'queue' | 'log' | 'turns'> & { readonly watch: ReplicaWatch };

export interface DeploymentKeeper {
  /** Does what is to be done for it now. */
  run(id: DeploymentId, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Has all looked at that are there. */
  enqueueAll(): Promise<void>;
  /** Has a deployment looked at when one of its VMs has changed, until the returned function is called. */
  follow(): () => void;
}

type Removal = Extract<ReplicaAction, { kind: 'remove' }>;
type Creation = Extract<ReplicaAction, { kind: 'create' }>;

/** VMs that are made, or removed, in one transaction. */
const BATCH = 16;
/** How long changes are gathered, milliseconds: so much, and so much for each replica. */
const GATHER = { leastMs: 20, perReplicaMs: 0.2 } as const;

export function createDeploymentKeeper(deps: KeeperDeps): DeploymentKeeper {
  const { store, queue, bus, watch } = deps;
  const sizes = new Map<DeploymentId, number>();

  async function run(id: DeploymentId, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      await deps.turns.share();
      const turn = await takeTurn(deps, id);
      if (turn.next === 'look-again') continue;
      if (turn.next === 'gone') {
        watch.forget(id);
        sizes.delete(id);
        return;
      }
      sizes.set(id, turn.size);
      if (turn.dueInMs !== null) queue.enqueue(`deployment:${id}`, { delayMs: Math.max(1, Math.ceil(turn.dueInMs)) });
      return;
    }
  }

  return {
    run,
    async enqueueAll() {
      for await (const { id } of everyDeployment(store)) queue.enqueue(`deployment:${id}`);
    },
    follow: () =>
      bus.subscribe('vm', (key) => {
        const vmId = parseId('vm', key);
        const id = vmId === null ? null : watch.deploymentOf(vmId);
        if (id === null) return;
        const delayMs = GATHER.leastMs + GATHER.perReplicaMs * (sizes.get(id) ?? 0);
        queue.enqueue(`deployment:${id}`, { delayMs });
      }),
  };
}

type Turn =
  | { readonly next: 'look-again' }
  | { readonly next: 'gone' }
  | { readonly next: 'rest'; readonly dueInMs: number | null; readonly size: number };

const LOOK_AGAIN: Turn = { next: 'look-again' };

/** What one look has shown. */
interface Look {
  readonly deployment: Deployment;
  readonly vms: readonly ReplicaVm[];
  readonly view: DeploymentView;
  readonly dueInMs: number | null;
}

async function takeTurn(deps: KeeperDeps, id: DeploymentId): Promise<Turn> {
  const deployment = await deps.store.deployments.get(id);
  if (deployment === null) return { next: 'gone' };
  const vms = await deps.store.deployments.listReplicas(id);
  const { seen, dueInMs } = deps.watch.look(deployment, vms);
  const look: Look = { deployment, vms, view: viewOf(deps, deployment, seen), dueInMs };
  try {
    if (deployment.isDeleting && vms.length === 0) {
      await writeDeploymentGone(deps, deployment);
      return { next: 'gone' };
    }
    return (await turnRollout(deps, look)) ?? (await act(deps, look)) ?? (await rest(deps, look));
  } catch (error) {
    if (isConflict(error)) return LOOK_AGAIN;
    throw error;
  }
}

function viewOf({ clock, watch }: KeeperDeps, deployment: Deployment, seen: readonly Replica[]): DeploymentView {
  const { replicas, isPaused, isDeleting, target, stable, rollout, strategy } = deployment;
  const now = clock.now();
  const waiting = new Set(deployment.backoffs.filter((each) => waitMs(each, now) > 0).map(({ index }) => index));
  const bounds = boundsOf(strategy, replicas);
  const isRefused = watch.refusedForMs(deployment) > 0;
  const all = Array.from({ length: isRefused ? replicas + bounds.maxSurge : 0 }, (_, i) => i + 1);
  return {
    ...{ replicas, isPaused, isDeleting, target, stable, bounds, seen },
    rollout: rollout.state,
    waiting: new Set([...waiting, ...all]),
  };
}

/** A wall clock that was set back keeps nobody waiting for longer than the longest wait. */
function waitMs({ retryAt }: SlotBackoff, now: number): number {
  const left = retryAt - now;
  return left > SLOT_BACKOFF.longestMs ? 0 : Math.max(0, left);
}

/** Ends a rollout that has come to its end, or no further; null where there is nothing to be said of it. */
async function turnRollout(deps: KeeperDeps, look: Look): Promise<Turn | null> {
  const { deployment, view } = look;
  const { rollout, isDeleting, target, strategy } = deployment;
  if (rollout.state === 'complete' || isDeleting) return null;
  const now = deps.clock.now();
  if (isRolledOut(view)) {
    const done = deploymentEvent('deployment.rollout_completed', deployment, now, { revision: target });
    const complete = { ...rollout, state: 'complete', progressedAt: now, message: null } as const;
    return await endRollout(deps, look, { stable: target, rollout: complete }, done);
  }
  if (rollout.state === 'stopped') return null;
  const { isFurther, stuckMs } = deps.watch.noteProgress(deployment, progressOf(view));
  if (isFurther) {
    await writeDeployment(deps, deployment, { rollout: { ...rollout, progressedAt: now } });
    return LOOK_AGAIN;
  }
  if (stuckMs < strategy.progressDeadlineSeconds * 1_000) return null;
  const message = whyStuck(deployment, view, deps.watch.refusalOf(deployment)?.message ?? null);
  const stopped = deploymentEvent('deployment.rollout_stopped', deployment, now, { revision: target, message });
  // What comes in its place from now on is what has worked, and waits for nothing.
  const canFallBack = deployment.stable > 0 && deployment.stable !== target;
  const patch = {
    rollout: { ...rollout, state: 'stopped', message },
    ...(canFallBack ? { backoffs: [] } : {}),
  } as const;
  deps.log.warn('a rollout was stopped', { deploymentId: deployment.id, revision: target });
  return await endRollout(deps, look, patch, stopped);
}

/** What is shown ends with it: nobody finds one that was stopped, and a phase of one that is under way. */
async function endRollout(deps: KeeperDeps, look: Look, patch: Partial<Deployment>, told: NewEvent): Promise<Turn> {
  const { status, events } = seenNow(deps, look, { ...look.deployment, ...patch });
  await writeDeployment(deps, look.deployment, { ...patch, status }, [told, ...events]);
  return LOOK_AGAIN;
}

function whyStuck(
  { target, replicas, strategy, backoffs }: Deployment,
  { seen }: DeploymentView,
  refusal: string | null,
): string {
  const works = seen.filter(({ revision, state }) => revision === target && state === 'available').length;
  const last = backoffs.toSorted((a, b) => b.failures - a.failures)[0];
  const why =
    last === undefined
      ? (refusal ?? 'They did not become ready.')
      : `Replica ${last.index} failed ${last.failures} times: ${last.message}`;
  return `Revision ${target} came no further within ${strategy.progressDeadlineSeconds} s: ${works} of ${replicas} replicas of it are available. ${why}`;
}

/** Does the next part of what is planned; null: nothing is. */
async function act(deps: KeeperDeps, look: Look): Promise<Turn | null> {
  const actions = planReplicas(look.view);
  const removals = actions.filter((action) => action.kind === 'remove');
  if (removals.length > 0) {
    await remove(deps, look, removals);
    return LOOK_AGAIN;
  }
  const creations = actions.filter((action) => action.kind === 'create');
  return creations.length === 0 ? null : await create(deps, look, creations);
}

/** As long as nothing depends on how the others are, all of it: a look costs more than a part. What is wanted now is seen by the revision. */
async function remove(deps: KeeperDeps, look: Look, removals: readonly Removal[]): Promise<void> {
  const { isDeleting, rollout } = look.view;
  const isAll = isDeleting || (rollout === 'complete' && removals.every(({ why }) => why === 'scaled-down'));
  let { deployment } = look;
  for (const part of isAll ? partsOf(removals) : [removals.slice(0, BATCH)]) {
    deployment = await writeRemovals(deps, deployment, { removals: part, ...followFailures(deps, look, part) });
    await deps.turns.share();
  }
}

/** Notes why replicas are replaced, so that the next ones come later each time. */
function followFailures(
  { clock }: KeeperDeps,
  { deployment, view }: Look,
  removals: readonly Removal[],
): { readonly patch: Partial<Deployment>; readonly events: readonly NewEvent[] } {
  const now = clock.now();
  const failed = new Set(removals.filter(({ why }) => why === 'failed').map(({ vmId }) => vmId));
  const backoffs = new Map(deployment.backoffs.map((each) => [each.index, each]));
  const events: NewEvent[] = [];
  for (const { vmId, index, readyMs, failure } of view.seen) {
    if (!failed.has(vmId)) continue;
    const message = failure ?? '';
    const backoff = backOff(backoffs.get(index), { index, availableMs: readyMs, message }, now);
    backoffs.set(index, backoff);
    const { failures, retryAt } = backoff;
    const data = { index, vm_id: vmId, message, failures, retry_in_ms: retryAt - now };
    events.push(deploymentEvent('deployment.replica_failed', deployment, now, data));
  }
  return { patch: failed.size === 0 ? {} : { backoffs: [...backoffs.values()] }, events };
}

async function create(deps: KeeperDeps, look: Look, creations: readonly Creation[]): Promise<Turn> {
  const { watch, store } = deps;
  let { deployment } = look;
  // After a refusal one at a time, so that as many are made as there is room for.
  const tried = watch.refusalOf(deployment) === null ? creations : creations.slice(0, 1);
  const contents = new Map<number, ReplicaContent>();
  for (const number of new Set(tried.map(({ revision }) => revision))) {
    const revision = await store.deployments.getRevision(deployment.id, number);
    if (revision === null)
      throw new VolaryError('data_loss', 'What replicas are made from is not there.', { reason: 'store.damaged' });
    contents.set(number, revision.content);
  }
  try {
    for (const part of partsOf(tried)) {
      deployment = await writeCreations(deps, deployment, part, contents);
      watch.noteRefusal(deployment, null);
      await deps.turns.share();
    }
  } catch (error) {
    if (!(error instanceof VolaryError) || !REFUSALS.includes(error.code)) throw error;
    deps.log.info('replicas could not be made', { deploymentId: deployment.id, reason: error.reason });
    watch.noteRefusal(deployment, { reason: error.reason, message: error.message });
  }
  return LOOK_AGAIN;
}

function partsOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / BATCH);
  return Array.from({ length: count }, (_, part) => all.slice(part * BATCH, (part + 1) * BATCH));
}

/** What may be otherwise later, and is no fault of ours: a condition says so. */
const REFUSALS: readonly VolaryError['code'][] = [
  'resource_exhausted',
  'already_exists',
  'failed_precondition',
  'not_found',
  'invalid_argument',
  'permission_denied',
  'unsupported',
];

const NONE: ReadonlySet<number> = new Set();

/** Writes what is seen, if it is other than what was. */
async function rest(deps: KeeperDeps, look: Look): Promise<Turn> {
  const { deployment, vms, view } = look;
  const backoffs = deployment.backoffs.filter((each) => isRemembered(each, view));
  // None is to be made any more: nothing is refused.
  if (planReplicas({ ...view, waiting: NONE }).length === 0) deps.watch.noteRefusal(deployment, null);
  const { status, events } = seenNow(deps, look, { ...deployment, backoffs });
  const isSame =
    backoffs.length === deployment.backoffs.length && JSON.stringify(status) === JSON.stringify(deployment.status);
  if (!isSame) await writeDeployment(deps, deployment, { status, backoffs }, events);
  return { next: 'rest', size: vms.length, dueInMs: nextDueMs(deps, look, deps.clock.now()) };
}

/** What is to be shown of it, with the event that tells of another phase. */
function seenNow(
  { clock, watch }: KeeperDeps,
  { vms, view }: Look,
  deployment: Deployment,
): { readonly status: Deployment['status']; readonly events: readonly NewEvent[] } {
  const now = clock.now();
  const names = vms.filter(({ desired }) => desired.power !== 'absent').map(({ name }) => name);
  const refusal = watch.refusalOf(deployment);
  const limit = watch.limitOf(deployment.id);
  const status = statusOf(deployment, view.seen, { names, refusal, limit, now });
  const moved = { from: deployment.status.phase, to: status.phase };
  if (moved.from === moved.to) return { status, events: [] };
  return { status, events: [deploymentEvent('deployment.phase_changed', deployment, now, moved)] };
}

/** Until it has kept well for long enough, or there is none of this number any more. */
function isRemembered({ index }: SlotBackoff, { seen, replicas, bounds }: DeploymentView): boolean {
  if (index > replicas + bounds.maxSurge) return false;
  const replica = seen.find((each) => each.index === index && each.state !== 'leaving');
  return replica?.state !== 'available' || replica.readyMs < SLOT_BACKOFF.keptWellMs;
}

function nextDueMs(deps: KeeperDeps, { deployment, view, dueInMs }: Look, now: number): number | null {
  const { rollout, isPaused, strategy } = deployment;
  const waits = deployment.backoffs.map((each) => waitMs(each, now)).filter((ms) => ms > 0);
  const refusedMs = deps.watch.refusedForMs(deployment);
  const isTimed = rollout.state === 'progressing' && !isPaused;
  const stuckMs = isTimed ? deps.watch.noteProgress(deployment, progressOf(view)).stuckMs : 0;
  const due = [
    ...(dueInMs === null ? [] : [dueInMs]),
    ...waits,
    ...(refusedMs > 0 ? [refusedMs] : []),
    ...(isTimed ? [strategy.progressDeadlineSeconds * 1_000 - stuckMs] : []),
  ];
  return due.length === 0 ? null : Math.min(...due);
}
