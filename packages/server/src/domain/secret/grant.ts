import { VolaryError } from '../errors.ts';
import type { SecretId } from '../ids.ts';

/** A secret that a VM is given: as a variable of each command, as a file, or as both. */
export interface SecretGrant {
  readonly secretId: SecretId;
  /** For people; the id counts. */
  readonly name: string;
  /** The variable. */
  readonly env: string | null;
  readonly file: SecretFile | null;
}

/** A secret that a VM is to be given, by its name or id. With neither place it becomes the variable of its own name. */
export interface GrantRequest {
  readonly ref: string;
  readonly env: string | null;
  readonly file: SecretFile | null;
}

export interface SecretFile {
  /** `/run/secrets/…`, a file in that very directory. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
}

/** In the guest's memory: what is in there is never on a disk. */
export const SECRETS_DIRECTORY = '/run/secrets';
/** A file that its owner, root, can read. */
export const DEFAULT_FILE_MODE = 0o400;

export const GRANT_LIMITS = {
  /** Secrets of one VM. */
  count: 64,
  /** Of all values that are given as variables, together. They travel with each command, beside what that brings itself. */
  envBytes: 32_768,
} as const;

const ENV_NAME_PATTERN = '^[A-Za-z_][A-Za-z0-9_]{0,127}$';
const SECRET_PATH_PATTERN = '^/run/secrets/(?!\\.{1,2}$)[A-Za-z0-9._-]{1,64}$';
const ENV_NAME = new RegExp(ENV_NAME_PATTERN);
const PATH = new RegExp(SECRET_PATH_PATTERN);

/** Throws `invalid_argument` secret.invalid_grant: too many, a variable or a path that cannot be, or the same one twice. */
export function checkGrants(grants: readonly Pick<SecretGrant, 'env' | 'file'>[]): void {
  if (grants.length > GRANT_LIMITS.count) throw invalid(`A VM is given at most ${GRANT_LIMITS.count} secrets.`);
  const taken = new Set<string>();
  for (const grant of grants) {
    for (const place of placesOf(grant)) {
      if (taken.has(place)) throw invalid(`Two secrets are to be given as ${place}.`);
      taken.add(place);
    }
  }
}

/** Where it is given; that can be. */
function placesOf({ env, file }: Pick<SecretGrant, 'env' | 'file'>): readonly string[] {
  if (env === null && file === null) throw invalid('A secret is given as a variable or as a file.');
  if (env !== null && !ENV_NAME.test(env)) throw invalid(`${env} is not the name of a variable.`);
  if (file !== null && !PATH.test(file.path))
    throw invalid(
      `The file of a secret lies in ${SECRETS_DIRECTORY} itself, with a name of 1 to 64 letters, digits, dots, hyphens and underscores.`,
    );
  return [env, file?.path ?? null].filter((place) => place !== null);
}

function invalid(message: string): VolaryError {
  return new VolaryError('invalid_argument', message, {
    reason: 'secret.invalid_grant',
    details: { field: 'secrets', maximum: GRANT_LIMITS.count },
  });
}
