import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyMaterial } from './key-material.ts';

/** What is asked of every source of keys. */
export function keyMaterialContract({ name, make }: { readonly name: string; readonly make: () => KeyMaterial }): void {
  describe(`${name}: contract of key material`, () => {
    it('makes secrets of the length that was asked for, never the same twice', () => {
      const material = make();

      const made = Array.from({ length: 500 }, () => material.secretText(32));

      expect(new Set(made).size).toBe(500);
      for (const text of made) expect(text).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(material.secretText(16)).toHaveLength(22);
    });

    it('makes names of letters and digits, each of them as often as the others', () => {
      const text = Array.from({ length: 1_000 }, () => make().publicText(36)).join('');

      const counts = new Map<string, number>();
      for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);

      expect([...counts.keys()].toSorted().join('')).toBe('0123456789abcdefghijklmnopqrstuvwxyz');
      for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200);
    });

    it('digests as SHA-256 does', () => {
      // FIPS 180-2, B.1.
      const hex = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

      expect(Buffer.from(make().digest('abc'), 'base64url').toString('hex')).toBe(hex);
      expect(make().digest('')).toMatch(/^[A-Za-z0-9_-]{43}$/);
    });

    it('finds the same what is the same, and nothing else', () => {
      const material = make();
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
          expect(material.isSame(a, b)).toBe(a === b);
          expect(material.isSame(a, a)).toBe(true);
          expect(material.isSame(a, `${a}x`)).toBe(false);
        }),
      );
    });
  });
}
