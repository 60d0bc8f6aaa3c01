import type { CreateWorkspaceRequest, UpdateWorkspaceRequest, Workspace as WorkspaceDto } from '@volary/contract';
import { isReachable } from '../../../domain/workspace/reachable.ts';
import type {
  CreateWorkspaceRequest as CreateWorkspace,
  SeenWorkspace,
  WorkspaceChange,
} from '../../../engine/apis/workspace-api.ts';
import { toNewLifetime } from './life-dto.ts';
import { toIso, toIsoOrNull } from './to-iso.ts';
import { toCreateVm } from './vm-dto.ts';

/** A workspace as `/v1` shows it. */
export function toWorkspaceDto({ workspace, vm, status, message, machineName }: SeenWorkspace): WorkspaceDto {
  const { repository, setup } = workspace;
  return {
    id: workspace.id,
    name: workspace.name,
    owner: workspace.owner,
    status,
    error_message: message,
    template: vm.spec.template,
    provider: vm.driver,
    provider_id: machineName ?? vm.id,
    vm_id: vm.id,
    vm_name: vm.name,
    vm_phase: vm.status.phase,
    connection_info: connectionOf({ workspace, vm, status, message, machineName }),
    ttl_seconds: workspace.ttlSeconds,
    expires_at: toIsoOrNull(vm.expiry?.at ?? null),
    repo_url: repository?.url ?? null,
    repo_ref: repository?.ref ?? null,
    setup: {
      state: setup.state,
      steps: setup.steps.map(
        ({ kind, command, timeoutSeconds, state, executionId, tries, startedAt, completedAt }) => ({
          ...{ kind, command, timeout_seconds: timeoutSeconds, state, execution_id: executionId, tries },
          started_at: toIsoOrNull(startedAt),
          completed_at: toIsoOrNull(completedAt),
        }),
      ),
    },
    labels: workspace.labels,
    metadata: workspace.metadata,
    generation: workspace.generation,
    created_at: toIso(workspace.createdAt),
    updated_at: toIso(workspace.updatedAt),
  };
}

function connectionOf({ workspace, vm, machineName }: SeenWorkspace): WorkspaceDto['connection_info'] {
  if (!isReachable(workspace, vm)) return null;
  return {
    vm_id: vm.id,
    ...(machineName === null ? {} : { container_id: machineName }),
    ssh_command: `volary ssh ${vm.name}`,
    directory: workspace.repository?.directory ?? null,
  };
}

/** What is asked for by `POST /v1/workspaces`. */
export async function toCreateWorkspace(body: CreateWorkspaceRequest): Promise<CreateWorkspace> {
  const { repo_url: url, repo_ref: ref, repo_directory: directory, prep_steps: preps = [] } = body;
  const { labels, metadata, lifetime, ...vm } = await toCreateVm(body);
  const { template, spec, tools, warmStart, secrets } = vm;
  return {
    name: body.name,
    ...(body.provider === undefined ? {} : { provider: body.provider }),
    ...{ labels, metadata },
    ...(lifetime === undefined ? {} : { lifetime }),
    repository:
      url === undefined
        ? null
        : { url, ...(ref === undefined ? {} : { ref }), ...(directory === undefined ? {} : { directory }) },
    prepSteps: preps.map((step) => {
      if (typeof step === 'string') return { command: step };
      const { command, timeout_seconds: timeoutSeconds } = step;
      return { command, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) };
    }),
    vm: {
      ...(template === undefined ? {} : { template }),
      ...(tools === undefined ? {} : { tools }),
      ...(secrets === undefined ? {} : { secrets }),
      ...{ spec, warmStart },
    },
  };
}

/** What is asked for by `PATCH /v1/workspaces/{ref}`. Throws `invalid_argument` vm.invalid_expiry. */
export function toWorkspaceChange({ ttl_seconds, labels, metadata, ...rest }: UpdateWorkspaceRequest): WorkspaceChange {
  const ttl = ttl_seconds === undefined || ttl_seconds === null ? {} : { ttl_seconds };
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ttl_seconds === null ? { lifetime: null } : {}),
    ...toNewLifetime({ ...rest, ...ttl }),
  };
}
