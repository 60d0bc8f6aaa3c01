import { INTEGRATION_NAMES, type ReceivedDelivery } from '../../../../domain/integrations.ts';
import type { ReceivedDeliveryRow } from '../rows/received-delivery-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** A delivery as a row. */
export function encodeReceivedDelivery(delivery: ReceivedDelivery): ReceivedDeliveryRow {
  const { integration, deliveryId, digest, kind, action, receivedAt } = delivery;
  return { integration, delivery_id: deliveryId, digest, kind, action, received_at: receivedAt };
}

/** The delivery in a row. Throws `data_loss` store.damaged. */
export function decodeReceivedDelivery(row: ReceivedDeliveryRow): ReceivedDelivery {
  return readRow({ what: 'delivery of an integration', id: row.delivery_id }, () => ({
    integration: integration(row.integration, 'integration'),
    deliveryId: read.text(row.delivery_id, 'delivery_id'),
    digest: optionalText(row.digest, 'digest'),
    kind: read.text(row.kind, 'kind'),
    action: optionalText(row.action, 'action'),
    receivedAt: read.number(row.received_at, 'received_at'),
  }));
}

const integration = read.oneOf(INTEGRATION_NAMES);
const optionalText = read.nullable(read.text);
