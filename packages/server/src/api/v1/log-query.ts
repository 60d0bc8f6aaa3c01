import type { routes } from '@volary/contract';
import type { LogSelection } from '../../engine/apis/log-api.ts';
import type { RequestTo } from '../mount.ts';
import { invalidFields } from '../validation.ts';
import { momentParam } from './moment-param.ts';
import { idParam } from './parse-param.ts';

export type LogRequest = RequestTo<typeof routes.listLogs>;

/** Which lines a request asks for. Throws `invalid_argument` request.invalid. */
export function selectionOf({ query }: LogRequest): LogSelection {
  const { vm, operation, execution, source, level, q, since, until } = query;
  return {
    ...(vm === undefined ? {} : { vm }),
    ...(operation === undefined ? {} : { operationId: idParam('op', 'operation', operation) }),
    ...(execution === undefined ? {} : { executionId: idParam('exec', 'execution', execution) }),
    ...(source === undefined ? {} : { sources: source }),
    ...(level === undefined ? {} : { minLevel: level }),
    ...(q === undefined ? {} : { search: q }),
    ...(since === undefined ? {} : { sinceMs: momentParam('since', since) }),
    ...(until === undefined ? {} : { untilMs: momentParam('until', until) }),
  };
}

/** Where a page or a stream goes on; null: the request does not say. */
export function cursorOf({ headers, query }: LogRequest): number | null {
  const { cursor } = query;
  const text = headers['last-event-id'];
  if (text === undefined || text === '') return cursor === undefined ? null : Number(cursor);
  const sequence = /^\d+$/.test(`${text}`) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(sequence)) return sequence;
  throw invalidFields([{ field: 'Last-Event-ID', message: 'must be the sequence of a line', allowed: { minimum: 0 } }]);
}

/** Throws `invalid_argument` request.invalid for what has no meaning in a stream that goes on. */
export function checkFollowing(request: LogRequest): void {
  // A limit bounds nothing of such a stream; clients that always say one may.
  refuse(request, ['until', 'order'], 'goes without a stream that goes on');
}

/** Throws `invalid_argument` request.invalid for what has no meaning but in a stream that goes on. */
export function checkNotFollowing(request: LogRequest): void {
  refuse(request, ['tail'], 'goes with `follow`');
}

/** Throws `invalid_argument` request.invalid for what has no meaning where all lines are asked for, oldest first. */
export function checkExporting(request: LogRequest): void {
  checkNotFollowing(request);
  refuse(request, ['order', 'limit'], 'goes with a page alone');
}

function refuse({ query }: LogRequest, fields: readonly (keyof LogRequest['query'])[], message: string): void {
  const given = fields.filter((field) => query[field] !== undefined);
  if (given.length > 0) throw invalidFields(given.map((field) => ({ field, message })));
}
