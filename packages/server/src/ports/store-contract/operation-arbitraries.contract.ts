import fc from 'fast-check';
import { ERROR_CODES } from '../../domain/errors.ts';
import { OPERATION_KINDS, OPERATION_STATES, type Operation } from '../../domain/operation/operation.ts';
import { anyId, json, moment, object, orNull, small, toJson, words } from './arbitraries.contract.ts';

/** Any place of a span in a trace. */
const anyTrace = fc.record({ traceId: words, spanId: words, isSampled: fc.boolean(), parentSpanId: orNull(words) });

/** Any operation at all, of this id and revision. */
export function anyOperation(fixed: Pick<Operation, 'id' | 'revision'>): fc.Arbitrary<Operation> {
  return fc.record({
    id: fc.constant(fixed.id),
    kind: fc.constantFrom(...OPERATION_KINDS),
    subject: fc.oneof(
      fc.record({ kind: fc.constant('vm' as const), id: anyId('vm'), name: words }),
      fc.record({ kind: fc.constant('image' as const), name: words }),
      fc.record({ kind: fc.constant('snapshot' as const), id: anyId('snap'), name: words }),
    ),
    generation: small,
    state: fc.constantFrom(...OPERATION_STATES),
    steps: fc.array(
      fc.record({
        name: words,
        state: fc.constantFrom('running', 'succeeded', 'failed'),
        attempt: small,
        startedAt: moment,
        completedAt: orNull(moment),
        message: orNull(words),
      }),
      { maxLength: 4 },
    ),
    progress: orNull(fc.record({ fraction: orNull(fc.constantFrom(0, 0.25, 1)), message: words })),
    result: json.map(toJson),
    error: orNull(fc.record({ code: fc.constantFrom(...ERROR_CODES), reason: words, message: words, details: object })),
    principal: words,
    owner: words,
    createdAt: moment,
    startedAt: orNull(moment),
    completedAt: orNull(moment),
    deadlineAt: moment,
    trace: orNull(anyTrace),
    revision: fc.constant(fixed.revision),
  });
}
