import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import { HIDDEN, toLoggable, toLoggableFields } from './loggable.ts';

describe('what is written to the log', () => {
  it.each(['password', 'Authorization', 'X-API-Key', 'api_key', 'linkKey', 'refresh_token', 'Set-Cookie'])(
    'hides the field %s at any depth',
    (name) => {
      const written = JSON.stringify(toLoggableFields({ outer: [{ [name]: 'hunter2' }], [name]: { a: 'hunter2' } }));

      expect(written).not.toContain('hunter2');
      expect(written.split(HIDDEN)).toHaveLength(3);
    },
  );

  it('hides our keys inside texts, messages and stacks', () => {
    const key = 'vk_0123456789abcdefghij';
    const error = new Error(`refused ${key}`, {
      cause: new VolaryError('internal', key, { reason: 'x.y', context: { line: `Bearer ${key}` } }),
    });

    expect(JSON.stringify(toLoggable({ error, url: `http://h/?k=${key}` }))).not.toContain(key);
  });

  it('keeps the whole chain of causes', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
    const lost = new VolaryError('unavailable', 'The guest is gone.', {
      reason: 'guest.link_lost',
      details: { errno: 'ECONNREFUSED' },
      context: { path: '/run/agent.sock' },
      cause: refused,
    });

    expect(toLoggable(new AggregateError([lost], 'all failed'))).toMatchObject({
      type: 'AggregateError',
      message: 'all failed',
      errors: [
        {
          type: 'VolaryError',
          code: 'unavailable',
          reason: 'guest.link_lost',
          context: { path: '/run/agent.sock' },
          stack: expect.stringContaining('loggable.test.ts'),
          cause: { type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED', syscall: 'connect' },
        },
      ],
    });
  });

  it('ends at what refers to itself, at what is deep, at what is long', () => {
    const self: Record<string, unknown> = { name: 'self' };
    self['self'] = self;
    const error = new Error('loop');
    error.cause = error;

    expect(JSON.stringify(toLoggable(self)).length).toBeLessThan(500);
    expect(JSON.stringify(toLoggable(error))).toContain('[deeper]');
    expect(JSON.stringify(toLoggable('x'.repeat(1e6))).length).toBeLessThan(20_000);
    expect(toLoggable(Array.from({ length: 1000 }, () => 0))).toHaveLength(101);
    expect(toLoggable(new Uint8Array(3))).toBe('[3 bytes]');
  });

  it('can always be written as JSON, and leaves ordinary values as they are', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => JSON.stringify({ value: toLoggable(value) }) !== '',
      ),
    );
    expect(toLoggableFields({ vmId: 'vm_1', n: 1, yes: true, none: null, list: [1] })).toEqual({
      vmId: 'vm_1',
      n: 1,
      yes: true,
      none: null,
      list: [1],
    });
  });
});
