import { PassThrough } from 'node:stream';
import { VolaryApiError, VolaryConnectionError } from '@volary/sdk';
import { describe, expect, it } from 'vitest';
import { CliError, usageError } from './errors.ts';
import { asTyped } from './paths.ts';
import { describeError } from './report-error.ts';

function apiError(code: VolaryApiError['code'], reason: string, detail: string): VolaryApiError {
  const rest = { status: 404, retryable: false, requestId: 'req_1', operationId: null, errors: [], details: {} };
  return new VolaryApiError({ code, reason, detail, ...rest });
}

describe('what is told of an error', () => {
  it.each([
    ['not_found', 3],
    ['already_exists', 4],
    ['failed_precondition', 4],
    ['conflict', 4],
    ['invalid_argument', 2],
    ['unauthenticated', 5],
    ['resource_exhausted', 1],
    ['internal', 1],
  ] as const)('a server that answers %s ends us with %i', (code, exitCode) => {
    expect(describeError(apiError(code, 'some.reason', 'words'), 'get')).toMatchObject({ exitCode, message: 'words.' });
  });

  it('says what to do', () => {
    expect(describeError(apiError('not_found', 'vm.unknown', 'There is no VM x.'), 'get').hint).toContain('volary ls');
  });

  it('names the program as it was called', () => {
    const { hint } = describeError(apiError('not_found', 'template.unknown', 'There is no template x.'), 'get');

    expect(asTyped(hint ?? '', { VOLARY_COMMAND: './volary' })).toBe('see what there is: ./volary template ls');
    expect(asTyped('the log of volary; volary --help', { VOLARY_COMMAND: 'x' })).toBe('the log of volary; x --help');
  });

  it('does not take the refusal of a guest for that of a key', () => {
    const report = describeError(apiError('permission_denied', 'guest.permission_denied', 'Not permitted.'), 'cp');

    expect(report.exitCode).toBe(1);
    expect(report.hint).toContain('the guest');
  });

  it('has all that the server said', () => {
    const errors = [{ field: 'vcpus', message: 'must be <= 64', allowed: { minimum: 1, maximum: 64 } }];
    const facts = { status: 400, retryable: false, requestId: 'req_1', operationId: null, errors, details: { a: 1 } };
    const error = new VolaryApiError({ code: 'invalid_argument', reason: 'request.invalid', detail: 'x', ...facts });

    expect(describeError(error, 'create')).toMatchObject({
      message: '--vcpus must be 1 to 64.',
      more: { status: 400, retryable: false, request_id: 'req_1', detail: 'x', errors, details: { a: 1 } },
    });
  });

  it('knows a server that is not there', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const error = new VolaryConnectionError('http://127.0.0.1:1', new TypeError('fetch failed', { cause: refused }));

    expect(describeError(error, 'ls')).toMatchObject({
      exitCode: 5,
      message: 'No server answers at http://127.0.0.1:1.',
    });
    expect(describeError(Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'ls')).toMatchObject({ exitCode: 5 });
  });

  it.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'The certificate of https://box:1 is not trusted by this system', '--ca'],
    ['CERT_HAS_EXPIRED', 'The certificate of https://box:1 has expired.', '--ca'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'is for other names than this one.', '--ca'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'No TLS can be agreed on', 'http://'],
  ])('does not take a server with %s for none', (code, message, hint) => {
    const failed = new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });

    expect(describeError(new VolaryConnectionError('https://box:1', failed), 'ls')).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  it('keeps what was said by ourselves', () => {
    expect(describeError(usageError('Too few.', 'more'), null)).toMatchObject({
      message: 'Too few.',
      hint: 'more',
      exitCode: 2,
    });
    expect(describeError(new CliError('x'), null)).toMatchObject({ exitCode: 1, hint: null });
  });

  it('does not hide the unexpected', () => {
    expect(describeError(new TypeError('x is not a function'), 'ls')).toMatchObject({
      message: 'x is not a function',
      exitCode: 1,
    });
    expect(describeError(new PassThrough(), null).exitCode).toBe(1);
  });
});
