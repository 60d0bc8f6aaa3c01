import type { EventType, NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import { type Snapshot, titleOf } from '../../domain/snapshot/snapshot.ts';
import type { EpochMs } from '../../domain/time.ts';

/** An event about a snapshot; it concerns the VM that was saved. */
export function snapshotEvent(
  type: Extract<EventType, `snapshot.${string}`>,
  snapshot: Snapshot,
  operation: Operation | null,
  at: EpochMs,
  data: JsonObject = {},
): NewEvent {
  const { source, state, isTemporary } = snapshot;
  return {
    type,
    at,
    subject: snapshot.id,
    vmId: source.id,
    owner: snapshot.owner,
    operationId: operation?.id ?? null,
    data: { name: titleOf(snapshot), state, source: source.name, is_temporary: isTemporary, ...data },
  };
}
