import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { type Expiry, expiryOf, type Lifetime } from '../../domain/vm/expiry.ts';
import { checkMetadata } from '../../domain/vm/metadata.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { SeenWorkspace, WorkspaceChange } from '../apis/workspace-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { recordRevision } from '../config/record-revision.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallWorkspace } from '../idempotency/recall.ts';
import { findWithVm } from '../queries/find-workspace.ts';
import type { Once, Unchanged } from '../requests.ts';
import { seeWorkspace } from '../workspaces/see-workspace.ts';
import { doneToWorkspace, workspaceEvent } from '../workspaces/workspace-events.ts';
import { requireShort, ttlOf } from './create-workspace.ts';
import { vmEvent } from './events.ts';
import type { OperationDeps } from './request-change.ts';
import { requireUnchangedWorkspace } from './require-unchanged.ts';

/** A workspace with its VM, before they are written. */
interface Both {
  readonly workspace: Workspace;
  readonly vm: Vm;
}

/** What is wanted of it from now on. */
interface Wish {
  readonly verb: 'update' | 'extend';
  /** Throws when it may not be so. */
  readonly patch: (
    both: Both,
    now: number,
  ) => { readonly workspace: Partial<Workspace>; readonly expiry: Expiry | null };
}

/** Changes what is said of it, and how long it lives. */
export async function updateWorkspace(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  { labels, metadata, lifetime }: WorkspaceChange,
  options: Unchanged = {},
): Promise<SeenWorkspace> {
  if (labels !== undefined) checkLabels(labels);
  if (metadata !== undefined) checkMetadata(metadata, new TextEncoder().encode(JSON.stringify(metadata)).length);
  return await change(deps, principal, ref, options, {
    verb: 'update',
    patch: ({ vm }, now) => ({
      workspace: {
        ...(labels === undefined ? {} : { labels }),
        ...(metadata === undefined ? {} : { metadata }),
        ...(lifetime === undefined ? {} : { ttlSeconds: ttlOf(lifetime) }),
      },
      expiry: lifetime === undefined ? vm.expiry : endOf(deps, lifetime, now),
    }),
  });
}

/** Has it live longer. */
export async function extendWorkspace(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  lifetime: Lifetime,
  options: Unchanged & Once = {},
): Promise<SeenWorkspace> {
  authorise(principal, 'workspace:update');
  const earlier = await recallWorkspace(deps, options.once);
  if (earlier !== null) return seeWorkspace(deps, earlier.workspace, earlier.vm);
  return await change(deps, principal, ref, options, {
    verb: 'extend',
    patch: ({ workspace, vm }, now) => {
      const expiry = endOf(deps, lifetime, now);
      if (vm.expiry === null || (expiry !== null && expiry.at < vm.expiry.at)) throw notLonger(workspace, vm.expiry);
      return { workspace: { ttlSeconds: ttlOf(lifetime) }, expiry };
    },
  });
}

async function change(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  options: Unchanged & Once,
  { verb, patch }: Wish,
): Promise<SeenWorkspace> {
  authorise(principal, 'workspace:update');
  const both = await deps.store.transaction(async (tables) => {
    const before = await findWithVm(tables, { principal, permission: 'workspace:update' }, ref);
    requireUnchangedWorkspace(before.workspace, options);
    if (before.workspace.isDeleting) throw beingDeleted(before.workspace);
    const now = deps.clock.now();
    const { workspace: fields, expiry } = patch(before, now);
    const { generation, revision } = before.workspace;
    const workspace: Workspace = {
      ...{ ...before.workspace, ...fields },
      ...{ generation: generation + 1, revision: revision + 1, updatedAt: now },
    };
    await tables.workspaces.update(workspace);
    const vm = await writeExpiry(tables, principal, before.vm, expiry, now);
    const data = { changed: Object.keys(fields).toSorted(), expires_at: isoOf(expiry) };
    const type = verb === 'update' ? 'workspace.updated' : 'workspace.extended';
    await tables.events.append([workspaceEvent(type, workspace, now, data)]);
    await recordAudit(tables, deps.clock, principal, doneToWorkspace(`workspace.${verb}`, workspace, data));
    await bindKey(tables, deps.clock, options.once, { kind: 'workspace', id: workspace.id });
    return { workspace, vm };
  });
  deps.bus.publish('events', '');
  deps.bus.publish('vm', both.vm.id);
  return seeWorkspace(deps, both.workspace, both.vm);
}

/** Its VM alone knows when it ends. */
async function writeExpiry(
  tables: Tables,
  principal: Principal,
  before: Vm,
  expiry: Expiry | null,
  now: number,
): Promise<Vm> {
  if (expiry?.at === before.expiry?.at) return before;
  const after: Vm = { ...before, expiry, revision: before.revision + 1, updatedAt: now };
  await recordRevision(tables, { before, after }, { principal, at: now, cause: { kind: 'changed' } });
  await tables.vms.update(after);
  await tables.events.append([vmEvent('vm.updated', after, null, now, { changed: ['expires_at'] })]);
  return after;
}

/** Throws `invalid_argument` vm.invalid_expiry, workspace.ttl_too_long. */
function endOf({ config }: OperationDeps, lifetime: Lifetime | null, now: number): Expiry | null {
  const expiry = lifetime === null ? null : expiryOf(lifetime, now);
  requireShort(config.workspaces, expiry, now);
  return expiry;
}

function isoOf(expiry: Expiry | null): string | null {
  return expiry === null ? null : new Date(expiry.at).toISOString();
}

function notLonger({ name }: Workspace, expiry: Expiry | null): VolaryError {
  const end = isoOf(expiry);
  const message = end === null ? `${name} has no end.` : `${name} lives until ${end} already.`;
  return new VolaryError('failed_precondition', message, {
    reason: 'workspace.not_longer',
    details: { expires_at: end },
  });
}

function beingDeleted({ name }: Workspace): VolaryError {
  return new VolaryError('failed_precondition', `${name} is being deleted.`, { reason: 'workspace.being_deleted' });
}
