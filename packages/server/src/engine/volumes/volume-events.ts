import type { EventType, NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Volume } from '../../domain/volume/volume.ts';

/** An event about a volume. */
export function volumeEvent(
  type: Extract<EventType, `volume.${string}`>,
  { id, name, owner, state, sizeGib }: Volume,
  operation: Operation | null,
  at: EpochMs,
  data: JsonObject = {},
): NewEvent {
  const told = { name, state, size_gib: sizeGib, ...data };
  return { type, at, subject: id, vmId: null, owner, operationId: operation?.id ?? null, data: told };
}
