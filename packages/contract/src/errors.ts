import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS, OperationId, RequestId } from './ids.ts';
import { component, enumComponent, jsonObject } from './schema.ts';

/** What the caller can do about an error. Closed: a client may switch on it. */
export const ERROR_CODES = [
  'invalid_argument',
  'unauthenticated',
  'permission_denied',
  'not_found',
  'already_exists',
  'failed_precondition',
  'conflict',
  'resource_exhausted',
  'unsupported',
  'aborted',
  'deadline_exceeded',
  'unavailable',
  'data_loss',
  'internal',
] as const;

export const ErrorCode = enumComponent('ErrorCode', ERROR_CODES, 'What the caller can do about the error.');
export type ErrorCode = Static<typeof ErrorCode>;

export const FieldError = component(
  'FieldError',
  {
    field: Type.String({
      description: 'Where it is: `vcpus`, `network.mode`, `argv[0]`; empty for the body as a whole.',
    }),
    message: Type.String({ description: 'What is wrong with it.' }),
    allowed: Type.Optional(
      Type.Unsafe<unknown>({
        description: 'What is allowed: a range, a pattern, a list of words. Absent when nothing is.',
      }),
    ),
  },
  {
    description: 'One field of a request that is not as it should be.',
    examples: [{ field: 'vcpus', message: 'must be <= 64', allowed: { minimum: 1, maximum: 64 } }],
  },
);
export type FieldError = Static<typeof FieldError>;

export const Problem = component(
  'Problem',
  {
    type: Type.String({
      description:
        'A URI reference for the kind of error: what it leads to tells of it, and of its reasons. No key is needed for that.',
    }),
    title: Type.String({ description: 'The kind of error in a few words; the same for each with this code.' }),
    status: Type.Integer({ minimum: 400, maximum: 599, description: 'The status of the HTTP response.' }),
    code: ErrorCode,
    reason: Type.String({ description: 'Stable, dotted name of the rule that spoke. Listed in `docs/errors.md`.' }),
    detail: Type.String({ description: 'What happened, for people.' }),
    retryable: Type.Boolean({ description: 'True when the same request may succeed if it is simply sent again.' }),
    request_id: RequestId,
    operation_id: Type.Optional(OperationId),
    errors: Type.Optional(Type.Array(FieldError, { description: 'The fields that are wrong, when the request is.' })),
    details: Type.Optional(jsonObject({ description: 'Facts for programs, by reason.' })),
  },
  {
    description: 'Why a request was not fulfilled (RFC 9457), as `application/problem+json`.',
    examples: [
      {
        type: '/docs/errors#not_found',
        title: 'Not found',
        status: 404,
        code: 'not_found',
        reason: 'vm.unknown',
        detail: 'There is no VM first.',
        retryable: false,
        request_id: EXAMPLE_IDS.request,
        details: { ref: 'first' },
      },
    ],
  },
);
export type Problem = Static<typeof Problem>;
