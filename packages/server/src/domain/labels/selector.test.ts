import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSelector, SELECTOR_LIMITS, selects } from './selector.ts';

const labels = { app: 'web', tier: 'front', 'volary.deployment': 'site', empty: '' };

describe('a selector', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = api', false],
    ['app!=api', true],
    ['other!=x', true],
    ['app in (api, web)', true],
    ['app in (api)', false],
    ['app notin (api,db),tier=front', true],
    ['other notin (x)', true],
    ['tier', true],
    ['!tier', false],
    ['!other', true],
    ['empty=', true],
    ['empty!=', false],
    ['volary.deployment=site, !canary', true],
    ['app=web,tier=back', false],
    ['toString', false],
  ])('%j', (text, isMeant) => {
    expect(selects(parseSelector(text), labels)).toBe(isMeant);
  });

  it.each(['=x', 'a=b=c', 'a in', 'a in (b', 'a,,b', 'a b', 'in (b)', '!', 'a in b)', 'a=(b)'])(
    'is none: %j',
    (text) => {
      expect(() => parseSelector(text)).toThrow(expect.objectContaining({ reason: 'selector.invalid' }));
    },
  );

  it('is bounded', () => {
    expect(() => parseSelector(`${'a,'.repeat(SELECTOR_LIMITS.requirements)}a`)).toThrow('parts');
    expect(() => parseSelector('a'.repeat(SELECTOR_LIMITS.length + 1))).toThrow('too long');
  });

  it('means exactly one of a thing and its contrary', () => {
    const word = fc.stringMatching(/^[a-z0-9._/-]{1,8}$/);
    fc.assert(
      fc.property(word, word, fc.dictionary(word, word, { maxKeys: 4 }), (key, value, some) => {
        const means = (text: string): boolean => selects(parseSelector(text), some);

        expect(means(`${key}=${value}`)).not.toBe(means(`${key}!=${value}`));
        expect(means(`${key} in (${value},x)`)).not.toBe(means(`${key} notin (${value},x)`));
        expect(means(key)).not.toBe(means(`!${key}`));
        expect(means(`${key}=${value}`)).toBe(some[key] === value);
      }),
    );
  });

  it('is read in time that grows with its length, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        try {
          parseSelector(text);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'selector.invalid' });
        }
      }),
    );
  });
});
