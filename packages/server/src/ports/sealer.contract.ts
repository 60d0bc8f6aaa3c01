import { describe, expect, it } from 'vitest';
import { VolaryError } from '../domain/errors.ts';
import type { Keyring } from './sealer.ts';

const CONTEXT = 'secret/sec_1/1';
const VALUE = new TextEncoder().encode('s3cr3t – ünïcode\0and bytes');

/** What is asked of every keyring. `make` returns one with one key, which no other call has returned; `reopen` the same one as after a restart. */
export function keyringContract({
  name,
  make,
  reopen,
}: {
  readonly name: string;
  readonly make: () => Keyring;
  readonly reopen: (keyring: Keyring) => Keyring;
}): void {
  describe(`${name}: contract of the keyring`, () => {
    it('opens what it has sealed, of any size', () => {
      const ring = make();
      for (const value of [new Uint8Array(0), VALUE, new Uint8Array(65_536).fill(255)]) {
        expect([...ring.open(ring.seal(value, CONTEXT), CONTEXT)]).toEqual([...value]);
      }
    });

    it('shows nothing of the plaintext, and never seals the same way twice', () => {
      const ring = make();
      const sealed = new Set(Array.from({ length: 100 }, () => ring.seal(VALUE, CONTEXT)));

      expect(sealed.size).toBe(100);
      for (const each of sealed) {
        expect(each).toMatch(/^[\x21-\x7e]+$/);
        expect(each).not.toContain('s3cr3t');
        expect(Buffer.from(each.slice(each.lastIndexOf('.') + 1), 'base64url').toString('latin1')).not.toContain(
          's3cr3t',
        );
      }
    });

    it('refuses another context', () => {
      const ring = make();
      expect(failure(() => ring.open(ring.seal(VALUE, CONTEXT), 'secret/sec_1/2'))).toBe('data_loss sealer.damaged');
    });

    it('refuses what was changed in any one character', () => {
      const ring = make();
      const sealed = ring.seal(VALUE, CONTEXT);
      for (let at = 0; at < sealed.length; at++) {
        for (const other of ['A', 'B', '.']) {
          if (sealed.charAt(at) === other) continue;
          const changed = `${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`;
          expect(
            failure(() => ring.open(changed, CONTEXT)),
            `character ${at}`,
          ).toMatch(/^data_loss sealer\.(damaged|unknown_key)$/);
        }
      }
    });

    it('refuses what was cut short, added to, or never sealed', () => {
      const ring = make();
      const sealed = ring.seal(VALUE, CONTEXT);
      const bad = ['', 'v1', 'v1...', 'hello', 'v2.a.b.c', `${sealed}A`, `${sealed}.`, ` ${sealed}`, `${sealed}\n`];
      for (let length = 0; length < sealed.length; length++) bad.push(sealed.slice(0, length));

      for (const text of bad) {
        expect(
          failure(() => ring.open(text, CONTEXT)),
          JSON.stringify(text),
        ).toMatch(/^data_loss sealer\.(damaged|unknown_key)$/);
      }
    });

    it('says so when it does not have the key', () => {
      const sealed = make().seal(VALUE, CONTEXT);
      expect(failure(() => make().open(sealed, CONTEXT))).toBe('data_loss sealer.unknown_key');
    });

    it('names the key that sealed', () => {
      const ring = make();
      const [keyId = ''] = ring.keyIds();

      expect(ring.keyIds()).toHaveLength(1);
      expect(ring.seal(VALUE, CONTEXT).startsWith(ring.prefixOf(keyId))).toBe(true);
    });

    it('opens the same after a restart', () => {
      const ring = make();
      const sealed = ring.seal(VALUE, CONTEXT);
      const again = reopen(ring);

      expect(again.keyIds()).toEqual(ring.keyIds());
      expect([...again.open(sealed, CONTEXT)]).toEqual([...VALUE]);
    });

    it('seals with a new key, and still opens what older ones sealed, until they are dropped', ({ skip }) => {
      const ring = make();
      if (!ring.supportsNewKeys) skip('the keys come from outside');
      const [first = ''] = ring.keyIds();
      const old = ring.seal(VALUE, CONTEXT);

      const second = ring.addKey();
      const fresh = ring.seal(VALUE, CONTEXT);
      expect(ring.keyIds()).toEqual([second, first]);
      expect(fresh.startsWith(ring.prefixOf(second))).toBe(true);
      for (const each of [ring, reopen(ring)]) {
        expect([...each.open(old, CONTEXT)]).toEqual([...VALUE]);
        expect([...each.open(fresh, CONTEXT)]).toEqual([...VALUE]);
      }

      ring.dropOldKeys();
      ring.dropOldKeys();
      for (const each of [ring, reopen(ring)]) {
        expect(each.keyIds()).toEqual([second]);
        expect([...each.open(fresh, CONTEXT)]).toEqual([...VALUE]);
        expect(failure(() => each.open(old, CONTEXT))).toBe('data_loss sealer.unknown_key');
      }
    });

    it('refuses to change keys that are given', ({ skip }) => {
      const ring = make();
      if (ring.supportsNewKeys) skip('the keys are its own');

      expect(failure(() => ring.addKey())).toBe('unsupported sealer.keys_given');
      expect(failure(() => ring.dropOldKeys())).toBe('unsupported sealer.keys_given');
      expect(ring.keyIds()).toHaveLength(1);
    });
  });
}

function failure(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof VolaryError)) throw error;
    expect(JSON.stringify([error.message, error.details, error.context])).not.toContain('s3cr3t');
    return `${error.code} ${error.reason}`;
  }
  return 'none';
}
