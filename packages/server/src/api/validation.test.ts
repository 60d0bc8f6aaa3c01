import { routes } from '@volary/contract';
import { describe, expect, it } from 'vitest';
import { VolaryError } from '../domain/errors.ts';
import { createValidatorCompiler } from './validation.ts';

const compile = createValidatorCompiler();

function check(
  schema: unknown,
  httpPart: 'body' | 'querystring',
  data: unknown,
): { value: unknown } | { errors: unknown } {
  const validate = compile({ schema, method: 'POST', url: '/', httpPart });
  const result: unknown = validate(data);
  if (typeof result !== 'object' || result === null) throw new TypeError('neither a value nor an error');
  if ('value' in result) return { value: result.value };
  if ('error' in result && result.error instanceof VolaryError) return { errors: result.error.details['errors'] };
  throw new TypeError('neither a value nor an error');
}

const body = (data: unknown) => check(routes.createVm.body.content.schema, 'body', data);
const query = (data: unknown) => check(routes.listVms.query, 'querystring', data);

describe('a body', () => {
  it('is told each field that is wrong, with both ends of the range', () => {
    expect(body({ vcpus: 65, memory_mib: 1 })).toEqual({
      errors: [
        { field: 'vcpus', message: 'must be from 1 to 64', allowed: { minimum: 1, maximum: 64 } },
        { field: 'memory_mib', message: 'must be from 128 to 1048576', allowed: { minimum: 128, maximum: 1_048_576 } },
      ],
    });
  });

  it('is told which fields there are when it has another', () => {
    expect(body({ cpu: 1 })).toMatchObject({
      errors: [{ field: 'cpu', message: 'is not known', allowed: expect.arrayContaining(['vcpus', 'name']) }],
    });
  });

  it('is told where in it the fault is', () => {
    expect(body({ network: { mode: 'pigeon' } })).toMatchObject({
      errors: [{ field: 'network.mode', allowed: ['user', 'none', 'bridge'] }],
    });
    expect(check(routes.execInVm.body.content.schema, 'body', { argv: ['ok', 7] })).toMatchObject({
      errors: [{ field: 'argv[1]' }],
    });
    expect(check(routes.signalExecution.body.content.schema, 'body', {})).toMatchObject({
      errors: [{ field: 'signal', message: 'is required' }],
    });
  });

  it.each([{ vcpus: '1' }, { start: 'true' }, { labels: { a: 1 } }, { name: 5 }, [], null, 'x', 7])(
    'is never bent to the right type: %j',
    (data) => {
      expect(body(data)).toHaveProperty('errors');
    },
  );

  it.each([
    [{ labels: { 'a\u0000': 'x' } }, 'labels'],
    [{ labels: { 'a\nb': 'x' } }, 'labels'],
    [{ labels: { team: 'a\u0000' } }, 'labels.team'],
    [{ labels: { team: '\u001b[2J' } }, 'labels.team'],
  ])('has no control characters in labels: %j', (data, field) => {
    expect(body(data)).toMatchObject({ errors: [{ field }] });
  });

  it('keeps its metadata as it came, and loses nothing', () => {
    const data = { metadata: { deep: [{ a: null }] }, labels: { team: 'blue' } };

    expect(body(data)).toEqual({ value: data });
  });
});

describe('a query', () => {
  it('is read from texts, and has its defaults', () => {
    expect(query({ limit: '7', phase: 'running' })).toEqual({ value: { limit: 7, phase: ['running'] } });
    expect(query({})).toEqual({ value: { limit: 50 } });
  });

  it.each([{ limit: '0' }, { limit: '201' }, { limit: 'x' }, { phase: 'up' }, { cursor: '../..' }, { other: '1' }])(
    'is refused out of range: %j',
    (data) => {
      expect(query(data)).toHaveProperty('errors');
    },
  );
});
