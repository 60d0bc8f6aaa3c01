import { VolaryError } from '../errors.ts';

/** Of one VM's variables. They travel with each command, beside its secrets and what it brings itself. */
export const ENVIRONMENT_LIMITS = { count: 256, nameLength: 128, valueLength: 16_384, totalBytes: 16_384 } as const;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Throws `invalid_argument` vm.invalid_environment, naming the variable. `field` is where they stand. */
export function checkEnvironment(environment: Readonly<Record<string, string>>, field = 'environment'): void {
  const { count, nameLength, valueLength, totalBytes } = ENVIRONMENT_LIMITS;
  const entries = Object.entries(environment);
  if (entries.length > count) throw invalid(field, `There can be at most ${count} variables.`);
  let size = 0;
  for (const [name, value] of entries) {
    if (!NAME.test(name) || name.length > nameLength)
      throw invalid(
        `${field}.${name}`,
        'The name of a variable has letters, digits and underscores, and begins with no digit.',
      );
    if (value.includes('\0')) throw invalid(`${field}.${name}`, 'A variable cannot hold a NUL.');
    if (value.length > valueLength)
      throw invalid(`${field}.${name}`, `A variable has at most ${valueLength} characters.`);
    size += new TextEncoder().encode(`${name}=${value}`).length;
  }
  if (size > totalBytes) throw invalid(field, `All variables together take ${size} bytes; at most ${totalBytes}.`);
}

/**
 * Throws `invalid_argument` vm.environment_conflict where a variable has the name that a secret is given as: which of the two a
 * command sees must not be a matter of order.
 */
export function checkNoSecretIsHidden(
  environment: Readonly<Record<string, string>>,
  secrets: readonly { readonly name: string; readonly env: string | null }[],
  field = 'environment',
): void {
  for (const { name, env } of secrets) {
    if (env === null || !Object.hasOwn(environment, env)) continue;
    throw new VolaryError(
      'invalid_argument',
      `${env} is the variable that the secret ${name} is given as; give one of the two another name.`,
      { reason: 'vm.environment_conflict', details: { field: `${field}.${env}`, secret: name } },
    );
  }
}

function invalid(field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'vm.invalid_environment', details: { field } });
}
