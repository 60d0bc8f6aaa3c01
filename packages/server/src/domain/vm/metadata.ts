import { VolaryError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';

/** Of a VM's metadata as JSON, in UTF-8. */
export const METADATA_BYTES = 16_384;

/**
 * Throws `invalid_argument` vm.metadata_too_large if it takes more than its bound as JSON (`sizeBytes`, UTF-8), vm.invalid_metadata with the path
 * of a text, or of a name, that not every store can keep: one with a zero in it, or with half of a pair of surrogates.
 */
export function checkMetadata(metadata: JsonObject, sizeBytes: number): void {
  if (sizeBytes > METADATA_BYTES || Array.isArray(metadata)) {
    throw new VolaryError('invalid_argument', `metadata takes ${sizeBytes} bytes; at most ${METADATA_BYTES}.`, {
      reason: 'vm.metadata_too_large',
      details: { field: 'metadata', maximum: METADATA_BYTES, actual: sizeBytes },
    });
  }
  const field = findUnkeepable(metadata, 'metadata');
  if (field === null) return;
  throw new VolaryError('invalid_argument', `${field} has a text in it that cannot be kept: U+0000, or no Unicode.`, {
    reason: 'vm.invalid_metadata',
    details: { field },
  });
}

/** Where there is one, the object that has it as a name or the text itself. */
function findUnkeepable(value: Json, path: string): string | null {
  if (typeof value === 'string') return isKeepable(value) ? null : path;
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, each] of Object.entries<Json>(value)) {
    if (!isKeepable(name)) return path;
    const found = findUnkeepable(each, Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

function isKeepable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
