import { idFromUuid, uuidOf, type WorkspaceId } from '../../../domain/ids.ts';
import { isReachable } from '../../../domain/workspace/reachable.ts';
import type { CreateWorkspaceRequest, SeenWorkspace } from '../../../engine/apis/workspace-api.ts';
import { toMoment, toMomentOrNull } from '../moments.ts';
import type { CreateWorkspace, Workspace } from './schemas.ts';

/** A workspace in the words of this dialect; null for one that is being deleted: here it is gone already. */
export function toWorkspace({ workspace, vm, status, message, machineName }: SeenWorkspace): Workspace | null {
  if (status === 'deleting') return null;
  return {
    id: uuidOf(workspace.id),
    name: workspace.name,
    owner: workspace.owner,
    template: vm.spec.template?.name ?? null,
    provider: vm.driver,
    status,
    created_at: toMoment(workspace.createdAt),
    // What becomes of it is written down with its VM.
    updated_at: toMoment(Math.max(workspace.updatedAt, vm.updatedAt)),
    ttl_seconds: workspace.ttlSeconds,
    expires_at: toMomentOrNull(vm.expiry?.at ?? null),
    provider_id: machineName ?? vm.id,
    connection_info: isReachable(workspace, vm)
      ? {
          ...(machineName === null ? { vm_id: vm.id } : { container_id: machineName }),
          ssh_command: `vm ssh ${workspace.name}`,
        }
      : null,
    error_message: message,
    metadata: workspace.metadata,
  };
}

export function toCreateRequest({
  name,
  template,
  ttl_seconds,
  provider,
  metadata = {},
}: CreateWorkspace): CreateWorkspaceRequest {
  return {
    name,
    ...(provider === undefined ? {} : { provider }),
    labels: {},
    metadata,
    ...(ttl_seconds === undefined ? {} : { lifetime: { ttlSeconds: ttl_seconds } }),
    repository: null,
    prepSteps: [],
    vm: { ...(template === undefined ? {} : { template }), spec: {}, warmStart: 'auto' },
  };
}

/** The id behind a UUID; null for what is none. */
export function workspaceIdOf(uuid: string): WorkspaceId | null {
  try {
    return idFromUuid('ws', uuid);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
