import type { EventType, NewEvent } from '../../domain/events.ts';
import type { Secret } from '../../domain/secret/secret.ts';
import type { EpochMs } from '../../domain/time.ts';

/** An event about a secret: its name and which value it has by now, never the value, nor how long it is. */
export function secretEvent(
  type: Extract<EventType, `secret.${string}`>,
  { id, owner, name, version }: Secret,
  at: EpochMs,
): NewEvent {
  return { type, at, subject: id, vmId: null, owner, operationId: null, data: { name, version } };
}
