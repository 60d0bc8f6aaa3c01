import type { EpochMs } from '../../domain/time.ts';
import { invalidFields } from '../validation.ts';

/** A moment as RFC 3339 has it. Throws `invalid_argument` request.invalid for one that there is not, such as the 30th of February. */
export function momentParam(field: string, text: string): EpochMs {
  const at = Date.parse(text);
  if (!Number.isNaN(at) && isDay(text.slice(0, 'YYYY-MM-DD'.length))) return at;
  throw invalidFields([{ field, message: 'is no moment that there is' }]);
}

/** `Date` takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const midnight = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(text);
}
