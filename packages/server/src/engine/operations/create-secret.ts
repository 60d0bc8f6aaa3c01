import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { checkSecretName, checkSecretValue, SECRET_LIMITS, type Secret } from '../../domain/secret/secret.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { CreateSecretRequest } from '../apis/secret-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { sealedValue } from '../secrets/sealed-value.ts';
import { doneToSecret, secretEvent } from './secret-events.ts';

export type SecretDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'ids' | 'keyring'>;

/** Keeps a value, sealed. */
export async function createSecret(
  deps: SecretDeps,
  principal: Principal,
  { name, value, description, labels }: CreateSecretRequest,
): Promise<Secret> {
  authorise(principal, 'secret:create');
  checkSecretName(name);
  checkSecretValue(value);
  checkLabels(labels);
  const secret = await deps.store.transaction(async (tables) => {
    await requireRoom(tables, principal.name);
    const made = newSecret(deps, principal, { name, value, description, labels });
    await tables.secrets.insert(made);
    await tables.events.append([secretEvent('secret.created', made, made.createdAt)]);
    await recordAudit(tables, deps.clock, principal, doneToSecret('secret.create', made));
    return made;
  });
  deps.bus.publish('events', '');
  return secret;
}

function newSecret(
  { ids, clock, keyring }: SecretDeps,
  principal: Principal,
  { name, value, description, labels }: CreateSecretRequest,
): Secret {
  const now = clock.now();
  const id = ids.create('sec');
  return {
    id,
    name,
    owner: principal.name,
    description,
    labels,
    ...sealedValue(keyring, { id, version: 1 }, value),
    createdAt: now,
    updatedAt: now,
    lastUsedAt: null,
    revision: 1,
  };
}

async function requireRoom({ secrets }: Tables, owner: string): Promise<void> {
  const maximum = SECRET_LIMITS.count;
  if ((await secrets.count(owner)) < maximum) return;
  throw new VolaryError('resource_exhausted', `You have ${maximum} secrets, and may have no more.`, {
    reason: 'secret.too_many',
    details: { maximum },
  });
}
