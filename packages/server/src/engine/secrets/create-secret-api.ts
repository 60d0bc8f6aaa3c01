import type { SecretApi } from '../apis/secret-api.ts';
import { createSecret, type SecretDeps } from '../operations/create-secret.ts';
import { deleteSecret } from '../operations/delete-secret.ts';
import { setSecret } from '../operations/set-secret.ts';
import { createSecretQueries } from '../queries/secrets.ts';
import type { KeyRotations } from './rotate-key.ts';

/** The secrets of engine.ts. */
export function createSecretApi(deps: SecretDeps, rotations: KeyRotations): SecretApi {
  return {
    create: (principal, request) => createSecret(deps, principal, request),
    set: (principal, ref, request) => setSecret(deps, principal, ref, request),
    delete: (principal, ref) => deleteSecret(deps, principal, ref),
    rotateKey: rotations.rotate,
    ...createSecretQueries(deps),
  };
}
