import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { checkSecretValue, type Secret } from '../../domain/secret/secret.ts';
import type { SetSecretRequest } from '../apis/secret-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findSecret } from '../queries/find-secret.ts';
import { sealedValue } from '../secrets/sealed-value.ts';
import type { SecretDeps } from './create-secret.ts';
import { doneToSecret, secretEvent } from './secret-events.ts';

/** Gives a secret another value; nothing is left of the one before. */
export async function setSecret(
  deps: SecretDeps,
  principal: Principal,
  ref: string,
  { value, description, labels }: SetSecretRequest,
): Promise<Secret> {
  const changed = await deps.store.transaction(async (tables) => {
    const before = await findSecret(tables, { principal, permission: 'secret:update' }, ref);
    checkSecretValue(value);
    if (labels !== undefined) checkLabels(labels);
    const { id, version, revision } = before;
    const now = deps.clock.now();
    const after: Secret = {
      ...before,
      ...sealedValue(deps.keyring, { id, version: version + 1 }, value),
      description: description ?? before.description,
      labels: labels ?? before.labels,
      updatedAt: now,
      revision: revision + 1,
    };
    await tables.secrets.update(after);
    await tables.events.append([secretEvent('secret.updated', after, now)]);
    await recordAudit(tables, deps.clock, principal, doneToSecret('secret.update', after));
    return after;
  });
  deps.bus.publish('events', '');
  return changed;
}
