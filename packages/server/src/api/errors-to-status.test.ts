import { ERROR_CODES as CONTRACT_CODES, type Route, routes } from '@volary/contract';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, VolaryError } from '../domain/errors.ts';
import { ANSWERS, statusOf, toProblem } from './errors-to-status.ts';

const REQUEST = 'req_01kahx6z4vf8r9y6m3s2t1v0wv';

describe('errors as problems', () => {
  it('answers every code with a status of its class', () => {
    const serverFaults = ['deadline_exceeded', 'unavailable', 'data_loss', 'internal'];

    for (const code of ERROR_CODES) {
      expect(ANSWERS[code].status >= 500, code).toBe(serverFaults.includes(code));
    }
  });

  it('has the codes of the contract', () => {
    expect(CONTRACT_CODES).toEqual(ERROR_CODES);
  });

  it('has the statuses that no code has by itself of the reasons that routes declare for them', () => {
    const ofCodes = new Set<number>(Object.values(ANSWERS).map(({ status }) => status));
    const declared = Object.values<Route>(routes).flatMap(({ errors }) =>
      Object.entries(errors).flatMap(([status, reasons]) => reasons.map((reason) => [reason, Number(status)] as const)),
    );
    const own = new Map(declared.filter(([, status]) => !ofCodes.has(status)));

    const answered = [...own.keys()].map((reason) => [
      reason,
      statusOf(new VolaryError('conflict', 'It is so.', { reason })),
    ]);

    expect(answered).toEqual([...own]);
  });

  it('never shows what is for the log', () => {
    const error = new VolaryError('internal', 'Something went wrong.', {
      reason: 'internal.unexpected',
      context: { path: '/var/lib/secret', key: 'hunter2' },
      cause: new Error('ENOENT /var/lib/secret'),
    });

    expect(JSON.stringify(toProblem(error, REQUEST))).not.toMatch(/secret|hunter2|ENOENT/);
  });

  it('names the field and what is allowed when a rule of the engine spoke', () => {
    const error = new VolaryError('invalid_argument', 'vcpus must be a whole number from 1 to 64.', {
      reason: 'vm.out_of_range',
      details: { field: 'vcpus', minimum: 1, maximum: 64, actual: 65 },
    });

    expect(toProblem(error, REQUEST)).toMatchObject({
      status: 400,
      reason: 'vm.out_of_range',
      request_id: REQUEST,
      retryable: false,
      errors: [{ field: 'vcpus', allowed: { minimum: 1, maximum: 64 } }],
      details: { actual: 65 },
    });
  });

  it('tells of the operation that failed', () => {
    const context = { operationId: 'op_01kahx6z4rf8r9y6m3s2t1v0wr' };
    const error = new VolaryError('deadline_exceeded', 'Too slow.', { reason: 'vm.boot_timeout', context });

    expect(toProblem(error, REQUEST)).toMatchObject({
      status: 504,
      operation_id: context.operationId,
      retryable: true,
    });
  });

  it.each([
    ['conflict', 'vm.changed', 412],
    ['conflict', 'deployment.changed', 412],
    ['conflict', 'volume.changed', 412],
    ['conflict', 'workspace.changed', 412],
    ['not_found', 'events.trimmed', 410],
    ['invalid_argument', 'idempotency.key_reused', 422],
    ['invalid_argument', 'route.method_not_allowed', 405],
    ['invalid_argument', 'request.too_large', 413],
    ['invalid_argument', 'request.unsupported_media_type', 415],
  ] as const)('answers %s %s with %i', (code, reason, status) => {
    expect(statusOf(new VolaryError(code, 'x', { reason }))).toBe(status);
  });
});
