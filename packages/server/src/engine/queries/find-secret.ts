import { VolaryError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import type { Secret } from '../../domain/secret/secret.ts';
import type { Tables } from '../../ports/store.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';

/** The secret with this id, or of this owner with this name. Throws `not_found` secret.unknown, `permission_denied` access.denied. */
export async function findSecret(
  { secrets }: Pick<Tables, 'secrets'>,
  asker: Asker,
  ref: string,
  owner: string = asker.principal.name,
): Promise<Secret> {
  const id = parseId('sec', ref);
  const secret = id === null ? await secrets.getByName(owner, ref) : await secrets.get(id);
  return requireVisible(asker, secret, 'secret:read', () => unknownSecret(ref));
}

/** `not_found` secret.unknown. */
export function unknownSecret(ref: string): VolaryError {
  return new VolaryError('not_found', `There is no secret ${ref}.`, { reason: 'secret.unknown', details: { ref } });
}
