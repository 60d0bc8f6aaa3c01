import { VolaryError } from '../errors.ts';
import type { SecretId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/** A value with a name that VMs are given and nobody is shown again. */
export interface Secret {
  readonly id: SecretId;
  /** One that its owner has no other secret of. */
  readonly name: string;
  readonly owner: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the value: 1 at first, one more with each that takes its place. */
  readonly version: number;
  /** Of the value, bytes. */
  readonly sizeBytes: number;
  /** True when the value can stand in an environment: it is UTF-8 without a NUL. */
  readonly isText: boolean;
  /** The value, sealed for `sealingContext`. */
  readonly sealed: string;
  readonly createdAt: EpochMs;
  /** When its value was set last. */
  readonly updatedAt: EpochMs;
  /** When it was last given to a VM or a command; may lag a minute behind. */
  readonly lastUsedAt: EpochMs | null;
  /** Rises with each write of the row; compare-and-set on it. */
  readonly revision: number;
}

/** Inclusive bounds. */
export const SECRET_LIMITS = {
  valueBytes: 65_536,
  descriptionLength: 256,
  /** Secrets of one owner. */
  count: 1_000,
} as const;

/** The name of a variable, in capitals, so that it can be given to commands as it is. 1 to 64 characters. */
const SECRET_NAME_PATTERN = '^[A-Z][A-Z0-9_]{0,63}$';
const NAME = new RegExp(SECRET_NAME_PATTERN);

/** Throws `invalid_argument` secret.invalid_name. */
export function checkSecretName(name: string): void {
  if (NAME.test(name)) return;
  throw new VolaryError(
    'invalid_argument',
    'A secret is named like a variable: a capital, then capitals, digits and underscores, at most 64 in all.',
    { reason: 'secret.invalid_name', details: { field: 'name', pattern: SECRET_NAME_PATTERN } },
  );
}

/** Throws `invalid_argument` secret.invalid_value for none, or one that is too long. */
export function checkSecretValue({ length }: Uint8Array): void {
  if (length > 0 && length <= SECRET_LIMITS.valueBytes) return;
  throw new VolaryError(
    'invalid_argument',
    `A secret has 1 to ${SECRET_LIMITS.valueBytes} bytes; this has ${length}.`,
    {
      reason: 'secret.invalid_value',
      details: { field: 'value', minimum: 1, maximum: SECRET_LIMITS.valueBytes, actual: length },
    },
  );
}

/** The place that a value is sealed for: it cannot be put in the place of another, nor of a later one of the same secret. */
export function sealingContext({ id, version }: Pick<Secret, 'id' | 'version'>): string {
  return `secret/${id}/${version}`;
}
