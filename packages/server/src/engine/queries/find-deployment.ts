import type { Deployment } from '../../domain/deployment/deployment.ts';
import { VolaryError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import type { Tables } from '../../ports/store.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';

/** The deployment with this id or name. Throws `not_found` deployment.unknown, `permission_denied` access.denied. */
export async function findDeployment(
  { deployments }: Pick<Tables, 'deployments'>,
  asker: Asker,
  ref: string,
): Promise<Deployment> {
  const id = parseId('dep', ref);
  const found = id === null ? await deployments.getByName(ref) : await deployments.get(id);
  return requireVisible(asker, found, 'deployment:read', () => unknownDeployment(ref));
}

/** `not_found` deployment.unknown. */
export function unknownDeployment(ref: string): VolaryError {
  return new VolaryError('not_found', `There is no deployment ${ref}.`, {
    reason: 'deployment.unknown',
    details: { ref },
  });
}
