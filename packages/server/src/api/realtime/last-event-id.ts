import type { FastifyRequest } from 'fastify';
import { invalidFields } from '../validation.ts';

/** What a client that resumes has seen last; null when it does not say. Throws `invalid_argument` request.invalid. */
export function lastEventId({ headers }: Pick<FastifyRequest, 'headers'>): number | null {
  const text = headers['last-event-id'];
  if (text === undefined || text === '') return null;
  const sequence = /^\d+$/.test(`${text}`) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(sequence)) return sequence;
  throw invalidFields([
    { field: 'Last-Event-ID', message: 'must be the sequence of an event', allowed: { minimum: 0 } },
  ]);
}
