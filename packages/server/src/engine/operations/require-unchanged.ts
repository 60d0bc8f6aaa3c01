import { VolaryError } from '../../domain/errors.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { Seen, Unchanged } from '../requests.ts';

/** To be asked in the transaction of the change. Throws `conflict` webhook.changed. */
export function requireUnchangedWebhook({ id, updatedAt }: Webhook, asked: Unchanged): void {
  if (isStill({ id, version: updatedAt }, asked)) return;
  throw new VolaryError('conflict', 'The webhook has changed since you looked at it.', { reason: 'webhook.changed' });
}

/** To be asked in the transaction of the change. Throws `conflict` snapshot.changed. */
export function requireUnchangedSnapshot({ id, revision }: Snapshot, asked: Unchanged): void {
  if (isStill({ id, version: revision }, asked)) return;
  throw new VolaryError('conflict', 'The snapshot has changed since you looked at it.', {
    reason: 'snapshot.changed',
    details: { revision },
  });
}

function isStill({ id, version }: Seen, { ifStill }: Unchanged): boolean {
  return ifStill === undefined || ifStill.some((seen) => seen.id === id && seen.version === version);
}
