import { VolaryError } from '../../domain/errors.ts';

/**
 * Whether the log, which has these bounds, goes on without a gap after this sequence. Throws `not_found` events.trimmed
 * with the first sequence there is, or `invalid_argument` events.cursor_ahead: whoever has seen an event that is not there has seen another
 * log, and would silently miss what comes.
 */
export function checkReach({ first, last }: { readonly first: number; readonly last: number }, after: number): void {
  if (after < first - 1) {
    throw new VolaryError('not_found', `Events up to ${first - 1} have been dropped; start again after ${first - 1}.`, {
      reason: 'events.trimmed',
      details: { first_sequence: first },
    });
  }
  if (after > last) {
    throw new VolaryError('invalid_argument', `There is no event ${after}; the last one is ${last}.`, {
      reason: 'events.cursor_ahead',
      details: { field: 'after', maximum: last },
    });
  }
}
