import { VolaryError } from '../errors.ts';

/** `field`: as requests have it. */
export function invalidDefinition(field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'image.invalid_definition', details: { field } });
}
