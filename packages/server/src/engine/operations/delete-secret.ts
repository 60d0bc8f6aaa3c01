import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Secret } from '../../domain/secret/secret.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findSecret } from '../queries/find-secret.ts';
import type { SecretDeps } from './create-secret.ts';
import { doneToSecret, secretEvent } from './secret-events.ts';

/** VMs that a refusal names. */
const MOST_NAMED = 20;

/** Removes a secret that no VM is given. */
export async function deleteSecret(deps: SecretDeps, principal: Principal, ref: string): Promise<void> {
  await deps.store.transaction(async (tables) => {
    const secret = await findSecret(tables, { principal, permission: 'secret:delete' }, ref);
    const vms = await tables.vms.listGiven(secret.id, MOST_NAMED);
    const deployments = await tables.deployments.listGiven(secret.id, MOST_NAMED);
    if (vms.length + deployments.length > 0) throw inUse(secret, vms, deployments);
    await tables.secrets.delete(secret.id, secret.revision);
    await tables.events.append([secretEvent('secret.deleted', secret, deps.clock.now())]);
    await recordAudit(tables, deps.clock, principal, doneToSecret('secret.delete', secret));
  });
  deps.bus.publish('events', '');
}

function inUse({ name }: Secret, vms: readonly Vm[], deployments: readonly string[]): VolaryError {
  const names = [...vms.map((vm) => vm.name), ...deployments];
  const more = names.length < MOST_NAMED ? '' : ' and perhaps others';
  return new VolaryError(
    'failed_precondition',
    `${name} is given to ${names.join(', ')}${more}. Delete them, or take it from them, first.`,
    { reason: 'secret.in_use', details: { vms: vms.map((vm) => vm.name), deployments } },
  );
}
