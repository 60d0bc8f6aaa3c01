import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { EngineDeps } from '../deps.ts';
import { unknownWebhook } from '../queries/find-webhook.ts';
import type { Accepted, Claim } from '../requests.ts';
import type { AcceptedSnapshot } from '../snapshot-api.ts';
import { outcomeUnknown } from './claims.ts';

/** The operation that the claim's request began when it came first, as it is now; null when it has not come before. */
export async function recallOperation(
  { store }: Pick<EngineDeps, 'store'>,
  claim: Claim | undefined,
): Promise<Operation | null> {
  const effect = claim?.effect ?? null;
  if (effect === null) return null;
  const operation = effect.kind === 'operation' ? await store.operations.get(effect.id) : null;
  if (operation === null) throw outcomeUnknown();
  return operation;
}

/** The same for a change of a VM, with the VM as it is now. Throws `not_found` vm.unknown when that has been deleted since. */
export async function recallChange(
  deps: Pick<EngineDeps, 'store'>,
  claim: Claim | undefined,
): Promise<Accepted | null> {
  const operation = await recallOperation(deps, claim);
  if (operation === null) return null;
  if (operation.subject.kind !== 'vm') throw outcomeUnknown();
  const vm = await deps.store.vms.get(operation.subject.id);
  if (vm !== null) return { operation, vm };
  throw new VolaryError('not_found', `${operation.subject.name} was deleted since this was asked first.`, {
    reason: 'vm.unknown',
    context: { operationId: operation.id },
  });
}

/** The same for a snapshot, as it is now. Throws `not_found` snapshot.unknown when that has been deleted since. */
export async function recallSnapshot(
  deps: Pick<EngineDeps, 'store'>,
  claim: Claim | undefined,
): Promise<AcceptedSnapshot | null> {
  const operation = await recallOperation(deps, claim);
  if (operation === null) return null;
  if (operation.subject.kind !== 'snapshot') throw outcomeUnknown();
  const snapshot = await deps.store.snapshots.get(operation.subject.id);
  if (snapshot !== null) return { operation, snapshot };
  throw new VolaryError('not_found', `${operation.subject.name} was deleted since this was asked first.`, {
    reason: 'snapshot.unknown',
    context: { operationId: operation.id },
  });
}

/** The webhook that the claim's request made or set back when it came first, as it is now; null when it has not come before. */
export async function recallWebhook(
  { store }: Pick<EngineDeps, 'store'>,
  claim: Claim | undefined,
): Promise<Webhook | null> {
  const effect = claim?.effect ?? null;
  if (effect === null) return null;
  if (effect.kind !== 'webhook') throw outcomeUnknown();
  const webhook = await store.webhooks.get(effect.id);
  if (webhook === null) throw unknownWebhook(effect.id);
  return webhook;
}

/** The delivery that the claim's request asked for when it came first; null when it has not come before. */
export async function recallDelivery(
  { store }: Pick<EngineDeps, 'store'>,
  claim: Claim | undefined,
): Promise<Delivery | null> {
  const effect = claim?.effect ?? null;
  if (effect === null) return null;
  const delivery = effect.kind === 'delivery' ? await store.deliveries.get(effect.id) : null;
  if (delivery === null) throw outcomeUnknown();
  return delivery;
}
