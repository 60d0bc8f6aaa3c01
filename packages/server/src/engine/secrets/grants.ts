import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { checkGrants, GRANT_LIMITS, type GrantRequest, type SecretGrant } from '../../domain/secret/grant.ts';
import type { Secret } from '../../domain/secret/secret.ts';
import type { Tables } from '../../ports/store.ts';
import { findSecret, unknownSecret } from '../queries/find-secret.ts';

/**
 * What a VM of this owner is to be given, as it was asked for. Who asks needs `secret:use` on each. Throws `not_found` secret.unknown,
 * `invalid_argument` secret.invalid_grant, `failed_precondition` secret.unfit_for_env.
 */
export async function grantsFor(
  tables: Pick<Tables, 'secrets'>,
  { principal, owner }: { readonly principal: Principal; readonly owner: string },
  requests: readonly GrantRequest[],
): Promise<readonly SecretGrant[]> {
  const found: { readonly grant: SecretGrant; readonly secret: Secret }[] = [];
  // Before anything is looked up: how many there may be.
  checkGrants(requests.map(({ ref, env, file }) => ({ env: env ?? (file === null ? ref : null), file })));
  for (const { ref, env, file } of requests) {
    const secret = await findSecret(tables, { principal, permission: 'secret:use' }, ref, owner);
    // Nobody's secrets get into somebody else's VM.
    if (secret.owner !== owner) throw unknownSecret(ref);
    const { id, name } = secret;
    found.push({ secret, grant: { secretId: id, name, env: env ?? (file === null ? name : null), file } });
  }
  checkGrants(found.map(({ grant }) => grant));
  checkEnvironment(found.flatMap(({ secret, grant }) => (grant.env === null ? [] : [secret])));
  return found.map(({ grant }) => grant);
}

/** What a VM of this owner is given that goes on where another was: the same, if that was of the same owner, else nothing. */
export async function inheritedGrants(
  tables: Pick<Tables, 'secrets'>,
  { principal, owner }: { readonly principal: Principal; readonly owner: string },
  from: { readonly owner: string; readonly secrets: readonly SecretGrant[] },
): Promise<readonly SecretGrant[]> {
  if (from.owner !== owner) return [];
  return await grantsFor(
    tables,
    { principal, owner },
    from.secrets.map(({ secretId, env, file }) => ({ ref: secretId, env, file })),
  );
}

/** Throws `failed_precondition` secret.unfit_for_env for values that cannot all be variables. */
export function checkEnvironment(secrets: readonly Secret[]): void {
  const bytes = secrets.find(({ isText }) => !isText);
  if (bytes !== undefined) throw unfit(`${bytes.name} is no text, and cannot be a variable. Give it as a file.`);
  const total = secrets.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total <= GRANT_LIMITS.envBytes) return;
  throw unfit(
    `What is given as variables has ${total} bytes; at most ${GRANT_LIMITS.envBytes}. Give the long ones as files.`,
  );
}

function unfit(message: string): VolaryError {
  return new VolaryError('failed_precondition', message, {
    reason: 'secret.unfit_for_env',
    details: { field: 'secrets', maximum: GRANT_LIMITS.envBytes },
  });
}
