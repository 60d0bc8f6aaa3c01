import { describe, expect, it } from 'vitest';
import { collectSecrets, formatSecret } from './given-secrets.ts';

describe('--secret', () => {
  it.each([
    ['TOKEN', { name: 'TOKEN' }],
    ['TOKEN=API_TOKEN', { name: 'TOKEN', env: 'API_TOKEN' }],
    ['TOKEN:/run/secrets/token', { name: 'TOKEN', file: '/run/secrets/token' }],
    ['TOKEN:/run/secrets/token:0444', { name: 'TOKEN', file: '/run/secrets/token', mode: '0444' }],
    ['TOKEN=T:/run/secrets/token', { name: 'TOKEN', env: 'T', file: '/run/secrets/token' }],
  ])('takes %s', (text, given) => {
    expect(collectSecrets(text)).toEqual([given]);
  });

  it('may be repeated', () => {
    expect(collectSecrets('B', collectSecrets('A'))).toEqual([{ name: 'A' }, { name: 'B' }]);
  });

  it.each(['', '=A', 'TOKEN=', 'TOKEN:', 'TOKEN:relative', 'TOKEN:/a:rw'])('does not take %j', (text) => {
    expect(() => collectSecrets(text)).toThrow('It has the form');
  });
});

describe('a secret that a VM is given', () => {
  it.each([
    [{ name: 'TOKEN', env: 'TOKEN', file: null, mode: null }, 'TOKEN'],
    [{ name: 'TOKEN', env: 'T', file: null, mode: null }, 'TOKEN=T'],
    [{ name: 'TOKEN', env: null, file: '/run/secrets/t', mode: '0400' }, 'TOKEN:/run/secrets/t:0400'],
    [{ name: 'TOKEN', env: 'TOKEN', file: '/run/secrets/t', mode: '0440' }, 'TOKEN=TOKEN:/run/secrets/t:0440'],
  ])('is shown as it would be asked for: %j', (given, shown) => {
    expect(formatSecret(given)).toBe(shown);
    expect(collectSecrets(shown)).toMatchObject([{ name: 'TOKEN' }]);
  });
});
