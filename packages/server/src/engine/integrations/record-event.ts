import type { IntegrationEvent } from '../../domain/integrations.ts';
import type { EngineDeps } from '../deps.ts';

/** What came of a command. */
export interface CommandOutcome {
  readonly result: 'done' | 'refused';
  /** By which rule it was refused. */
  readonly reason: string | null;
}

/** Writes down what has happened elsewhere, once: what was written down before is not again. `outcome` is null unless it was a command. */
export async function recordEvent(
  { store, bus, clock }: Pick<EngineDeps, 'store' | 'bus' | 'clock'>,
  event: IntegrationEvent,
  outcome: CommandOutcome | null,
): Promise<void> {
  const { integration, deliveryId, digest, kind, action, summary } = event;
  const now = clock.now();
  const isNew = await store.transaction(async ({ receivedDeliveries, events }) => {
    const received = { integration, deliveryId, digest, kind, action, receivedAt: now };
    if (!(await receivedDeliveries.insert(received))) return false;
    await events.append([
      {
        type: 'integration.event',
        at: now,
        subject: integration,
        ...{ vmId: null, owner: null, operationId: null },
        data: { integration, kind, action, delivery_id: deliveryId, summary, ...(outcome ?? {}) },
      },
    ]);
    return true;
  });
  if (isNew) bus.publish('events', '');
}
