import type { Mutation } from '../../domain/audit/actions.ts';
import { checkAutoscaling } from '../../domain/deployment/autoscaling.ts';
import {
  checkReplicas,
  type Deployment,
  type ReplicaContent,
  type RevisionCause,
} from '../../domain/deployment/deployment.ts';
import { checkStrategy, DEPLOYMENT_LIMITS } from '../../domain/deployment/strategy.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { DeploymentChange } from '../apis/deployment-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { admitReplicas } from '../deployments/admit-replicas.ts';
import { deploymentEvent, doneToDeployment } from '../deployments/deployment-events.ts';
import { changedRequest, isSameContent, settleContent } from '../deployments/settle-content.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallDeployment } from '../idempotency/recall.ts';
import { findDeployment } from '../queries/find-deployment.ts';
import type { Once, Unchanged } from '../requests.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { announceDeployment, type DeploymentDeps, requireFreeNames } from './create-deployment.ts';
import { requireUnchangedDeployment } from './require-unchanged.ts';

/** A change of a deployment, before it is written. */
interface DeploymentWish {
  readonly patch: Partial<Deployment>;
  /** Another revision, which is wanted from now on. */
  readonly content?: ReplicaContent;
  readonly cause?: RevisionCause;
  readonly events: readonly NewEvent[];
  readonly audit: { readonly action: Extract<Mutation, `deployment.${string}`>; readonly details: JsonObject };
}

/**
 * Writes what is wanted, its events and its audit in one transaction; then has it looked at. `decide` makes the wish of the deployment as it is,
 * or null: it is so already.
 */
export async function requestDeploymentChange(
  deps: DeploymentDeps,
  asked: {
    readonly principal: Principal;
    readonly ref: string;
    readonly permission: 'deployment:update' | 'deployment:delete';
  } & Once &
    Unchanged,
  decide: (deployment: Deployment, tables: Tables, now: number) => Promise<DeploymentWish | null>,
): Promise<Deployment> {
  const { principal, once } = asked;
  authorise(principal, asked.permission);
  const earlier = await recallDeployment(deps, once);
  if (earlier !== null) return earlier;
  const after = await makingRoom(deps, (facts) =>
    deps.store.transaction(async (tables) => {
      const before = await findDeployment(tables, asked, asked.ref);
      requireUnchangedDeployment(before, asked);
      const now = deps.clock.now();
      const wish = await decide(before, tables, now);
      const changed = wish === null ? before : await writeWish(tables, { before, wish, author: principal.name, now });
      if (changed.replicas > before.replicas) {
        const revision = await tables.deployments.getRevision(changed.id, changed.target);
        // Those that are still to be made were promised nothing yet.
        const made = (await tables.deployments.listReplicas(changed.id)).filter(
          ({ desired }) => desired.power !== 'absent',
        );
        const count = changed.replicas - made.length;
        await requireFreeNames(tables, changed, before.replicas + 1);
        if (revision !== null)
          await admitReplicas(tables, { ...changed, spec: revision.content.spec, count }, facts, deps.config.limits);
      }
      const { action, details } = wish?.audit ?? { action: 'deployment.update' as const, details: {} };
      await recordAudit(tables, deps.clock, principal, doneToDeployment(action, changed, details));
      await bindKey(tables, deps.clock, once, { kind: 'deployment', id: changed.id });
      return changed;
    }),
  );
  announceDeployment(deps, after);
  return after;
}

async function writeWish(
  tables: Tables,
  { before, wish, author, now }: { before: Deployment; wish: DeploymentWish; author: string; now: number },
): Promise<Deployment> {
  const { patch, content, cause } = wish;
  const number = content === undefined ? null : (await tables.deployments.latestRevision(before.id)) + 1;
  const target = number ?? patch.target ?? before.target;
  const isNewRollout = number !== null || patch.target !== undefined;
  const after: Deployment = {
    ...before,
    ...patch,
    target,
    // What failed was of another revision.
    ...(isNewRollout
      ? { rollout: { state: 'progressing', startedAt: now, progressedAt: now, message: null }, backoffs: [] }
      : {}),
    generation: before.generation + 1,
    revision: before.revision + 1,
    updatedAt: now,
  };
  await tables.deployments.update(after);
  if (content !== undefined && number !== null) {
    const revision = {
      deploymentId: before.id,
      number,
      at: now,
      author,
      content,
      cause: cause ?? { kind: 'changed' },
    } as const;
    await tables.deployments.insertRevision(revision);
    const upTo = number - DEPLOYMENT_LIMITS.revisions;
    await tables.deployments.dropRevisions(before.id, { upTo, but: [after.target, after.stable] });
  }
  const started = deploymentEvent('deployment.rollout_started', after, now, { revision: target });
  await tables.events.append([...wish.events, ...(isNewRollout ? [started] : [])]);
  return after;
}

/** Changes how many there are, how they are rolled out, and what they are made from. */
export async function updateDeployment(
  deps: DeploymentDeps,
  principal: Principal,
  ref: string,
  change: DeploymentChange,
  options: Unchanged & Once = {},
): Promise<Deployment> {
  authorise(principal, 'deployment:update');
  const settled = change.vm === undefined ? null : await settleChange(deps, principal, ref, change.vm);
  const asked = { principal, ref, permission: 'deployment:update', ...options } as const;
  return await requestDeploymentChange(deps, asked, async (before, _tables, now) => {
    requireKept(before);
    if (settled !== null && settled.target !== before.target) throw changedMeanwhile(before);
    const patch = checkedPatch(before, change);
    const isOther = settled !== null && !isSameContent(settled.before, settled.content);
    const changed = [...Object.keys(change).filter((field) => field !== 'vm'), ...(isOther ? ['vm'] : [])].toSorted();
    const replicas = patch.replicas ?? before.replicas;
    const scaled = deploymentEvent('deployment.scaled', before, now, {
      from: before.replicas,
      to: replicas,
      cause: 'requested',
    });
    return {
      patch,
      ...(isOther ? { content: settled.content } : {}),
      events: [
        deploymentEvent('deployment.updated', before, now, { changed }),
        ...(replicas === before.replicas ? [] : [scaled]),
      ],
      audit: { action: 'deployment.update', details: { changed, replicas } },
    };
  });
}

/** What its VMs would be made from, beside what they are made from. */
async function settleChange(
  deps: DeploymentDeps,
  principal: Principal,
  ref: string,
  change: NonNullable<DeploymentChange['vm']>,
) {
  const found = await findDeployment(deps.store, { principal, permission: 'deployment:update' }, ref);
  const revision = await deps.store.deployments.getRevision(found.id, found.target);
  if (revision === null) throw changedMeanwhile(found);
  const request = changedRequest(revision.content, change);
  const content = await settleContent(deps, { principal, owner: found.owner }, request);
  return { target: found.target, before: revision.content, content };
}

/** Throws `invalid_argument` deployment.*, vm.invalid_labels. */
function checkedPatch(before: Deployment, { vm: _vm, ...change }: DeploymentChange): Partial<Deployment> {
  const { strategy: part, ...same } = change;
  const strategy = { ...before.strategy, ...part };
  if (part !== undefined) checkStrategy(strategy);
  if (same.labels !== undefined) checkLabels(same.labels);
  if (same.autoscaling !== undefined && same.autoscaling !== null) checkAutoscaling(same.autoscaling);
  const autoscaling = same.autoscaling === undefined ? before.autoscaling : same.autoscaling;
  const wanted = same.replicas ?? before.replicas;
  // 0 switches it off, which no measurement changes.
  const isBounded = autoscaling !== null && wanted > 0 && same.replicas === undefined;
  const replicas = isBounded ? Math.min(autoscaling.maxReplicas, Math.max(autoscaling.minReplicas, wanted)) : wanted;
  checkReplicas(replicas);
  return { ...same, replicas, strategy };
}

/** Throws `failed_precondition` deployment.being_deleted. */
export function requireKept({ name, isDeleting }: Deployment): void {
  if (!isDeleting) return;
  throw new VolaryError('failed_precondition', `${name} is being deleted.`, { reason: 'deployment.being_deleted' });
}

/** `conflict` deployment.changed. */
function changedMeanwhile({ generation }: Deployment): VolaryError {
  return new VolaryError('conflict', 'The deployment has changed since you looked at it.', {
    reason: 'deployment.changed',
    details: { generation },
  });
}
