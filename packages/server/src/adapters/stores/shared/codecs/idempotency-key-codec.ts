import type { Effect, KeptAnswer, KeyedRequest } from '../../../../domain/idempotency/keyed-request.ts';
import type { IdempotencyKeyRow } from '../rows/idempotency-key-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** A request under a key as a row. */
export function encodeKeyedRequest(request: KeyedRequest): IdempotencyKeyRow {
  const { effect, answer } = request;
  return {
    principal: request.principal,
    key: request.key,
    fingerprint: request.fingerprint,
    request_id: request.requestId,
    effect_kind: effect.kind,
    effect_id: effect.kind === 'guest' ? null : effect.id,
    created_at: request.createdAt,
    answer: answer === null ? null : encodeAnswer(answer),
  };
}

/** An answer as its column has it. */
export function encodeAnswer({ status, headers, body }: KeptAnswer): string {
  return JSON.stringify({ status, headers, body });
}

/** The request in a row. Throws `data_loss` store.damaged. */
export function decodeKeyedRequest(row: IdempotencyKeyRow): KeyedRequest {
  return readRow({ what: 'idempotency key', id: row.key }, () => ({
    principal: read.text(row.principal, 'principal'),
    key: read.text(row.key, 'key'),
    fingerprint: read.text(row.fingerprint, 'fingerprint'),
    requestId: read.text(row.request_id, 'request_id'),
    effect: readEffect(row),
    createdAt: read.number(row.created_at, 'created_at'),
    answer: answer(row.answer, 'answer'),
  }));
}

function readEffect(row: IdempotencyKeyRow): Effect {
  const kind = effectKind(row.effect_kind, 'effect_kind');
  switch (kind) {
    case 'operation':
      return { kind, id: read.id('op')(row.effect_id, 'effect_id') };
    case 'execution':
      return { kind, id: read.id('exec')(row.effect_id, 'effect_id') };
    case 'webhook':
      return { kind, id: read.id('hook')(row.effect_id, 'effect_id') };
    case 'delivery':
      return { kind, id: read.id('dlv')(row.effect_id, 'effect_id') };
    case 'deployment':
      return { kind, id: read.id('dep')(row.effect_id, 'effect_id') };
    case 'workspace':
      return { kind, id: read.id('ws')(row.effect_id, 'effect_id') };
    case 'api_key':
      return { kind, id: read.id('key')(row.effect_id, 'effect_id') };
    case 'guest':
      return { kind };
    default:
      return kind satisfies never;
  }
}

const effectKind = read.oneOf([
  'operation',
  'execution',
  'webhook',
  'delivery',
  'deployment',
  'workspace',
  'api_key',
  'guest',
]);

const answer = read.nullable(
  read.json((value, field) => {
    const fields = read.object(value, field);
    return {
      status: read.count(fields['status'], `${field}.status`),
      headers: read.record(read.text)(fields['headers'], `${field}.headers`),
      body: read.text(fields['body'], `${field}.body`),
    };
  }),
);
