import type { Mutation } from '../../domain/audit/actions.ts';
import type { EventType, NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import { auditTarget, type Done } from '../audit/record-audit.ts';

/** An event about a workspace, and so about its VM. */
export function workspaceEvent(
  type: Extract<EventType, `workspace.${string}`>,
  { id, name, owner, vmId }: Pick<Workspace, 'id' | 'name' | 'owner' | 'vmId'>,
  at: EpochMs,
  data: JsonObject = {},
): NewEvent {
  return { type, at, subject: id, vmId, owner, operationId: null, data: { name, ...data } };
}

/** Something that was done to a workspace, for the audit. */
export function doneToWorkspace(
  action: Extract<Mutation, `workspace.${string}`>,
  workspace: Pick<Workspace, 'id' | 'name' | 'vmId'>,
  details: JsonObject = {},
): Done {
  return { action, target: auditTarget('workspace', workspace), details: { vm_id: workspace.vmId, ...details } };
}
