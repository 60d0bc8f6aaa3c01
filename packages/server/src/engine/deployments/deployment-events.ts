import type { Mutation } from '../../domain/audit/actions.ts';
import type { Deployment } from '../../domain/deployment/deployment.ts';
import type { EventType, NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { EpochMs } from '../../domain/time.ts';
import { auditTarget, type Done } from '../audit/record-audit.ts';

/** An event about a deployment. */
export function deploymentEvent(
  type: Extract<EventType, `deployment.${string}`>,
  { id, name, owner }: Pick<Deployment, 'id' | 'name' | 'owner'>,
  at: EpochMs,
  data: JsonObject = {},
): NewEvent {
  return { type, at, subject: id, vmId: null, owner, operationId: null, data: { name, ...data } };
}

/** Something that was done to a deployment, for the audit. */
export function doneToDeployment(
  action: Extract<Mutation, `deployment.${string}`>,
  deployment: Pick<Deployment, 'id' | 'name'>,
  details: JsonObject = {},
): Done {
  return { action, target: auditTarget('deployment', deployment), details };
}
