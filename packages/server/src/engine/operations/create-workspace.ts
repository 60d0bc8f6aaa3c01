import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { DEFAULT_CPU_BELOW_PERCENT } from '../../domain/vm/auto-suspend.ts';
import type { Expiry, Lifetime } from '../../domain/vm/expiry.ts';
import { expiryOf } from '../../domain/vm/expiry.ts';
import { checkMetadata } from '../../domain/vm/metadata.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { AskedSpec } from '../../domain/vm/vm-request.ts';
import { repositoryOf } from '../../domain/workspace/repository.ts';
import { setupOf } from '../../domain/workspace/setup.ts';
import { checkWorkspaceName, ownVmName, type Workspace } from '../../domain/workspace/workspace.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { CreateWorkspaceRequest, SeenWorkspace } from '../apis/workspace-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineConfig } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallWorkspace } from '../idempotency/recall.ts';
import type { Once } from '../requests.ts';
import { toolsWithGit } from '../workspaces/git-tool.ts';
import { seeWorkspace } from '../workspaces/see-workspace.ts';
import { doneToWorkspace, workspaceEvent } from '../workspaces/workspace-events.ts';
import { type CreateDeps, createVmFor } from './create-vm.ts';

/** The label that its VM is found by. */
const WORKSPACE_LABEL = 'volary.workspace';

/** `begun`: told of each one that is stored. */
export type WorkspaceDeps = CreateDeps & { readonly begun: (workspace: Workspace) => void };

/** Stores a workspace with its VM, or nothing when that is refused. */
export async function createWorkspace(
  deps: WorkspaceDeps,
  principal: Principal,
  request: CreateWorkspaceRequest,
  { once }: Once = {},
): Promise<SeenWorkspace> {
  authorise(principal, 'workspace:create');
  const earlier = await recallWorkspace(deps, once);
  if (earlier !== null) return seeWorkspace(deps, earlier.workspace, earlier.vm);
  const driver = requireProvider(deps, request.provider);
  const draft = newWorkspace(deps, principal, request);
  const { template, spec, tools, warmStart, secrets } = request.vm;
  const lifetime = boundedLifetime(deps.config.workspaces, request.lifetime, deps.clock.now());
  const asked = {
    driver: driver.kind,
    name: null,
    ...(template === undefined ? {} : { template }),
    spec: { ...idleSuspend(deps, driver), ...spec } satisfies AskedSpec,
    tools: draft.repository === null ? (tools ?? []) : await toolsWithGit(deps, principal, driver, request.vm),
    labels: { ...request.labels, [WORKSPACE_LABEL]: draft.name },
    metadata: {},
    start: true,
    warmStart,
    ...(lifetime === undefined ? {} : { lifetime }),
    ...(secrets === undefined ? {} : { secrets }),
  };
  const stored = await createVmFor(deps, principal, asked, {
    nameOf: (tables) => freeVmName(tables, draft),
    write: async (tables, { vm }) => {
      const workspace: Workspace = { ...draft, vmId: vm.id };
      await tables.workspaces.insert(workspace);
      const data = { vm_id: vm.id, provider: vm.driver, template: vm.spec.template?.name ?? null };
      await tables.events.append([workspaceEvent('workspace.created', workspace, draft.createdAt, data)]);
      await recordAudit(tables, deps.clock, principal, doneToWorkspace('workspace.create', workspace));
      await bindKey(tables, deps.clock, once, { kind: 'workspace', id: workspace.id });
    },
  });
  const workspace: Workspace = { ...draft, vmId: stored.vm.id };
  deps.begun(workspace);
  return seeWorkspace(deps, workspace, stored.vm);
}

/** Throws `invalid_argument` workspace.unknown_provider, naming those that there are. */
function requireProvider({ drivers, config }: WorkspaceDeps, asked: string | undefined): Driver {
  const kind = asked ?? config.workspaces.provider;
  if (kind === null) return drivers.first;
  const driver = drivers.all.find((each) => each.kind === kind);
  if (driver !== undefined) return driver;
  const allowed = drivers.all.map((each) => each.kind);
  throw new VolaryError('invalid_argument', `There is no provider ${kind} here; there are: ${allowed.join(', ')}.`, {
    reason: 'workspace.unknown_provider',
    details: { field: 'provider', allowed },
  });
}

/** Throws `invalid_argument` workspace.*, vm.invalid_labels, vm.metadata_too_large, vm.invalid_metadata. */
function newWorkspace(
  { clock, ids }: WorkspaceDeps,
  principal: Principal,
  { name, labels, metadata, lifetime, repository: asked, prepSteps }: CreateWorkspaceRequest,
): Omit<Workspace, 'vmId'> {
  checkWorkspaceName(name);
  checkLabels(labels);
  checkMetadata(metadata, new TextEncoder().encode(JSON.stringify(metadata)).length);
  const repository = asked === null ? null : repositoryOf(asked);
  const now = clock.now();
  return {
    id: ids.create('ws'),
    ...{ name, owner: principal.name, labels, metadata, repository },
    ttlSeconds: ttlOf(lifetime),
    setup: setupOf(repository, prepSteps),
    isDeleting: false,
    generation: 1,
    revision: 1,
    createdAt: now,
    updatedAt: now,
  };
}

/** As long as it was asked for, in seconds; null: for good, or until a moment. */
export function ttlOf(lifetime: Lifetime | null | undefined): number | null {
  return lifetime != null && 'ttlSeconds' in lifetime ? lifetime.ttlSeconds : null;
}

/** What was asked for, or the longest that may be; undefined: for good. Throws `invalid_argument` workspace.ttl_too_long. */
function boundedLifetime(
  { maxTtlSeconds }: EngineConfig['workspaces'],
  asked: Lifetime | undefined,
  now: number,
): Lifetime | undefined {
  if (maxTtlSeconds === null) return asked;
  if (asked === undefined) return { ttlSeconds: maxTtlSeconds };
  requireShort({ maxTtlSeconds }, expiryOf(asked, now), now);
  return asked;
}

/** Throws `invalid_argument` workspace.ttl_too_long for one that ends later than the server lets it; null: it never ends. */
export function requireShort(
  { maxTtlSeconds }: Pick<EngineConfig['workspaces'], 'maxTtlSeconds'>,
  expiry: Expiry | null,
  now: number,
): void {
  if (maxTtlSeconds === null || (expiry !== null && expiry.at <= now + maxTtlSeconds * 1_000)) return;
  throw new VolaryError('invalid_argument', `A workspace lives at most ${maxTtlSeconds} seconds from now here.`, {
    reason: 'workspace.ttl_too_long',
    details: { field: 'ttl_seconds', maximum: maxTtlSeconds },
  });
}

/** Nobody looks at a workspace all the time: one that is idle is suspended, and wakes by use. */
function idleSuspend({ config }: WorkspaceDeps, { capabilities }: Driver): Pick<AskedSpec, 'autoSuspend'> {
  const { idleSuspendSeconds: idleSeconds } = config.workspaces;
  if (idleSeconds === 0 || !capabilities.supportsSnapshots) return {};
  return { autoSuspend: { idleSeconds, cpuBelowPercent: DEFAULT_CPU_BELOW_PERCENT } };
}

async function freeVmName({ vms }: Pick<Tables, 'vms'>, workspace: Omit<Workspace, 'vmId'>): Promise<Vm['name']> {
  const other = await vms.getByName(workspace.name);
  return other === null ? workspace.name : ownVmName(workspace);
}
