import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  dictionary,
  either,
  flag,
  integer,
  listOf,
  nothing,
  type Of,
  oneOf,
  optional,
  present,
  record,
  text,
} from './shape.ts';

const BIRD = record({
  name: text,
  age: integer(0),
  tags: listOf(text),
  mate: either(nothing, text),
  kind: oneOf('owl', 'wren'),
});
const owl = { name: 'Ada', age: 3, tags: ['a'], mate: null, kind: 'owl' };

describe('a shape', () => {
  it('accepts what it names, with anything beside it', () => {
    expect(BIRD(owl)).toBe(true);
    expect(BIRD({ ...owl, mate: 'Bo', more: 1 })).toBe(true);
    expectTypeOf<Of<typeof BIRD>>().toEqualTypeOf<{
      readonly name: string;
      readonly age: number;
      readonly tags: readonly string[];
      readonly mate: string | null;
      readonly kind: 'owl' | 'wren';
    }>();
  });

  it.each([
    ['name', 1],
    ['age', -1],
    ['age', 1.5],
    ['age', Number.NaN],
    ['age', '3'],
    ['tags', 'a'],
    ['tags', [1]],
    ['mate', undefined],
    ['kind', 'crow'],
  ])('refuses %s = %j', (field, value) => {
    expect(BIRD({ ...owl, [field]: value })).toBe(false);
  });

  it('refuses a record without a field, and what is no record', () => {
    const { mate: _, ...single } = owl;

    expect(BIRD(single)).toBe(false);
    expect([null, 1, 'x', [], undefined].some((value) => BIRD(value) || dictionary(value))).toBe(false);
    expect(listOf(flag, 1)([])).toBe(false);
  });

  it('tells what is missing from what may be', () => {
    const nest = record({ eggs: optional(integer(0)), owner: present });

    expect(nest({ owner: null })).toBe(true);
    expect(nest({ owner: 1, eggs: 2 })).toBe(true);
    expect(nest({ eggs: 2 })).toBe(false);
    expect(nest({ owner: 1, eggs: 'two' })).toBe(false);
  });

  it('has an answer to everything', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(typeof BIRD(value)).toBe('boolean');
      }),
    );
  });
});
