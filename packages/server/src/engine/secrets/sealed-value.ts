import { type Secret, sealingContext } from '../../domain/secret/secret.ts';
import type { Sealer } from '../../ports/sealer.ts';

/** What is stored of a value as this version of a secret. */
export function sealedValue(
  sealer: Sealer,
  { id, version }: Pick<Secret, 'id' | 'version'>,
  value: Uint8Array,
): Pick<Secret, 'version' | 'sizeBytes' | 'isText' | 'sealed'> {
  const sealed = sealer.seal(value, sealingContext({ id, version }));
  return { version, sizeBytes: value.length, isText: isText(value), sealed };
}

/** UTF-8 without a NUL, as it has to be for a variable. */
function isText(value: Uint8Array): boolean {
  if (value.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
    return true;
  } catch {
    return false;
  }
}
