import { describe, expect, it } from 'vitest';
import { collectSecrets } from './given-secrets.ts';

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
