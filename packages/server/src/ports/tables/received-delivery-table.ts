import type { IntegrationName, ReceivedDelivery } from '../../domain/integrations.ts';

/** What integrations have sent and was processed, each once. */
export interface ReceivedDeliveryTable {
  /** Writes the row unless there is one of the same integration with the same id or the same digest; false then. */
  insert(delivery: ReceivedDelivery): Promise<boolean>;
  /** Whether there is such a one. */
  isKnown(which: Pick<ReceivedDelivery, 'integration' | 'deliveryId' | 'digest'>): Promise<boolean>;
  /** The one that came last; null when none has come, or it was dropped. */
  latest(integration: IntegrationName): Promise<ReceivedDelivery | null>;
  /** Removes the oldest of those from before this moment, at most `limit` of them. Returns how many. */
  deleteOld(which: { readonly receivedBefore: number; readonly limit: number }): Promise<number>;
}
