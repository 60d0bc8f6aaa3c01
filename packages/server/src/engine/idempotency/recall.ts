import type { Deployment } from '../../domain/deployment/deployment.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { AcceptedSnapshot } from '../apis/snapshot-api.ts';
import type { EngineDeps } from '../deps.ts';
import { unknownDeployment } from '../queries/find-deployment.ts';
import { unknownWebhook } from '../queries/find-webhook.ts';
import { unknownWorkspace } from '../queries/find-workspace.ts';
import type { Accepted, Claim } from '../requests.ts';
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

/** The deployment that the claim's request made or changed when it came first, as it is now; null when it has not come before. */
export async function recallDeployment(
  { store }: Pick<EngineDeps, 'store'>,
  claim: Claim | undefined,
): Promise<Deployment | null> {
  const effect = claim?.effect ?? null;
  if (effect === null) return null;
  if (effect.kind !== 'deployment') throw outcomeUnknown();
  const deployment = await store.deployments.get(effect.id);
  if (deployment === null) throw unknownDeployment(effect.id);
  return deployment;
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

/** The workspace that the claim's request made or extended when it came first, with its VM, as they are now; null when it has not come before. */
export async function recallWorkspace(
  { store }: Pick<EngineDeps, 'store'>,
  claim: Claim | undefined,
): Promise<{ readonly workspace: Workspace; readonly vm: Vm } | null> {
  const effect = claim?.effect ?? null;
  if (effect === null) return null;
  if (effect.kind !== 'workspace') throw outcomeUnknown();
  const workspace = await store.workspaces.get(effect.id);
  const vm = workspace === null ? null : await store.vms.get(workspace.vmId);
  if (workspace === null || vm === null) throw unknownWorkspace(effect.id);
  return { workspace, vm };
}
