import { describe, expect, it } from 'vitest';
import { checkLabels, isSameLabels } from './labels.ts';

describe('labels', () => {
  it('are the same in whatever order', () => {
    expect(isSameLabels({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
    expect(isSameLabels({ a: '1' }, { a: '2' })).toBe(false);
    expect(isSameLabels({ a: '1' }, { a: '1', b: '' })).toBe(false);
  });

  it.each([{}, { team: 'blue' }, { 'volary.io/x y': '' }, { ключ: 'значение 🐦' }])('can be %j', (labels) => {
    expect(() => checkLabels(labels)).not.toThrow();
  });

  it.each([
    ['labels', { 'a\u0000': 'x' }],
    ['labels', { 'a\nb': 'x' }],
    ['labels', { '\u007f': 'x' }],
    ['labels', { '\ud800': 'x' }],
    ['labels.team', { team: 'blue\u0000' }],
    ['labels.team', { team: '\u001b[2J' }],
    ['labels.team', { team: '\udfff' }],
    ['labels', { '': 'x' }],
    ['labels', { ['k'.repeat(64)]: 'x' }],
    ['labels', { team: 'v'.repeat(256) }],
  ])('cannot be what is at %s of %j', (field, labels) => {
    expect(() => checkLabels(labels)).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        reason: 'vm.invalid_labels',
        details: expect.objectContaining({ field }),
      }),
    );
  });
});
