import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { EngineDeps } from '../deps.ts';
import type { Accepted } from '../engine.ts';
import { findVm } from '../queries/find-vm.ts';
import type { Claim } from '../requests.ts';
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
  try {
    return { operation, vm: await findVm(deps.store, operation.subject.id) };
  } catch (error) {
    if (!(error instanceof VolaryError) || error.reason !== 'vm.unknown') throw error;
    throw new VolaryError('not_found', `${operation.subject.name} was deleted since this was asked first.`, {
      reason: 'vm.unknown',
      context: { operationId: operation.id },
      cause: error,
    });
  }
}
