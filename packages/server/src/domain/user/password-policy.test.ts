import { describe, expect, it } from 'vitest';
import { passwordFault } from './password-policy.ts';

const ANN = { name: 'ann.of.green.gables', email: 'ann@green-gables.example' };

describe('a password', () => {
  it.each(['brisk umbrella 7', '739104628135', 'Zw9!kf-04xLq', 'ein langes Wörterbuch', '🐢🐢🦀🦀🐙🐙🐠🐠🦑🦑🦐🐡'])(
    'may be %s',
    (password) => {
      expect(passwordFault(password, ANN)).toBeNull();
    },
  );

  it.each([
    ['short', 'has at least 12 characters'],
    ['🐢🐢🦀🦀🐙🐙🐠', 'has at least 12 characters'],
    // Of 12 code units, but six characters to whoever types it.
    ['e\u0301'.repeat(6), 'has at least 12 characters'],
    ['x y'.repeat(86), 'has at most 256 characters'],
    ['ann.of.green.gables', 'is neither the name nor the e-mail address'],
    ['Ann.Of.Green.Gables1!', 'is neither the name nor the e-mail address'],
    ['ANN@green-gables.example', 'is neither the name nor the e-mail address'],
    ['Password1234', 'is not one that everybody tries first'],
    ['changeme!!!!', 'is not one that everybody tries first'],
    ['1234correcthorsebatterystaple', 'is not one that everybody tries first'],
    ['aaaaaaaaaaaaaaaa', 'is not one that everybody tries first'],
    ['121212121212', 'is not one that everybody tries first'],
    ['123456789012', 'is not one that everybody tries first'],
    ['abcdefghijklmn', 'is not one that everybody tries first'],
    ['987654321098', 'is not one that everybody tries first'],
  ])('may not be %s', (password, fault) => {
    expect(passwordFault(password, ANN)).toBe(fault);
  });

  it('of a user without an address is not held against one', () => {
    expect(passwordFault('brisk umbrella 7', { name: 'bob', email: null })).toBeNull();
  });
});
