import type { Mutation } from '../../domain/audit/actions.ts';
import type { EventType, NewEvent } from '../../domain/events.ts';
import type { Secret } from '../../domain/secret/secret.ts';
import type { EpochMs } from '../../domain/time.ts';
import { auditTarget, type Done } from '../audit/record-audit.ts';

/** Something that was done to a secret, for the audit: as little of it as events tell. */
export function doneToSecret(action: Extract<Mutation, `secret.${string}`>, secret: Secret): Done {
  const { owner, version } = secret;
  return { action, target: auditTarget('secret', secret), details: { owner, version } };
}

/** An event about a secret: its name and which value it has by now, never the value, nor how long it is. */
export function secretEvent(
  type: Extract<EventType, `secret.${string}`>,
  { id, owner, name, version }: Secret,
  at: EpochMs,
): NewEvent {
  return { type, at, subject: id, vmId: null, owner, operationId: null, data: { name, version } };
}
