import { beforeAll, describe, expect, it } from 'vitest';
import type { TokenClaims } from '../domain/session/token.ts';
import { numberedId } from './store-contract/samples.contract.ts';
import type { KeyPair, TokenSigner, Tokens } from './token-signer.ts';

const ISSUER = 'urn:volary:one';
const NOW = 1_763_733_045_000;
const HOUR_MS = 3_600_000;

const ACCESS: TokenClaims = {
  kind: 'access',
  userId: numberedId('usr', 1),
  sessionId: numberedId('sess', 2),
  generation: 3,
  issuedAt: NOW,
  expiresAt: NOW + HOUR_MS,
};
const REFRESH: TokenClaims = { ...ACCESS, kind: 'refresh' };
const INVALID = { code: 'unauthenticated', reason: 'auth.token_invalid' };
const EXPIRED = { code: 'unauthenticated', reason: 'auth.token_expired' };

/** What is asked of every signer. */
export function tokenSignerContract({ name, make }: { readonly name: string; readonly make: () => TokenSigner }): void {
  describe(`${name}: contract of the token signer`, () => {
    let signer: TokenSigner;
    let key: KeyPair;
    let other: KeyPair;
    let tokens: Tokens;
    const only = (signing: KeyPair, issuer = ISSUER) => signer.open({ signing, verifying: [] }, issuer);

    beforeAll(async () => {
      signer = make();
      [key, other] = await Promise.all([signer.createKey(), signer.createKey()]);
      tokens = await only(key);
    });

    it.each([ACCESS, REFRESH])('reads what it has signed', async (claims) => {
      expect(await tokens.verify(await tokens.sign(claims), { kind: claims.kind, now: NOW })).toEqual(claims);
    });

    it.each([
      [ACCESS, 'refresh'],
      [REFRESH, 'access'],
    ] as const)('takes no token of one kind for one of the other', async (claims, kind) => {
      await expect(tokens.verify(await tokens.sign(claims), { kind, now: NOW })).rejects.toMatchObject(INVALID);
    });

    it('takes a token from five seconds before its time until five after it', async () => {
      const token = await tokens.sign(ACCESS);
      const at = (now: number) => tokens.verify(token, { kind: 'access', now });

      await expect(at(NOW - 5_000)).resolves.toEqual(ACCESS);
      await expect(at(NOW - 6_000)).rejects.toMatchObject(INVALID);
      await expect(at(NOW + HOUR_MS + 4_000)).resolves.toEqual(ACCESS);
      await expect(at(NOW + HOUR_MS + 5_000)).rejects.toMatchObject(EXPIRED);
    });

    it('takes nothing of another issuer, or by a key that it does not have', async () => {
      const elsewhere = await only(key, 'urn:volary:two');
      const foreign = await only(other);

      for (const { sign } of [elsewhere, foreign]) {
        await expect(tokens.verify(await sign(ACCESS), { kind: 'access', now: NOW })).rejects.toMatchObject(INVALID);
      }
    });

    it('verifies by keys that have signed before, without what is secret of them', async () => {
      const { keyId, jwk } = key;
      const later = await signer.open({ signing: other, verifying: [{ keyId, jwk }] }, ISSUER);

      expect(await later.verify(await tokens.sign(ACCESS), { kind: 'access', now: NOW })).toEqual(ACCESS);
      await expect(tokens.verify(await later.sign(ACCESS), { kind: 'access', now: NOW })).rejects.toMatchObject(
        INVALID,
      );
    });

    it.each(['', '.', 'a.b.c', 'x'.repeat(100_000), `${'a.'.repeat(40)}b`])(
      'says that %.20s is no token',
      async (text) => {
        await expect(tokens.verify(text, { kind: 'access', now: NOW })).rejects.toMatchObject(INVALID);
      },
    );

    it('shows of a key only what everybody may know', () => {
      expect(Object.keys(key.jwk).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
      expect(key.jwk).toMatchObject({ kid: key.keyId, alg: 'RS256', use: 'sig', kty: 'RSA' });
      expect(key.keyId).not.toBe(other.keyId);
    });

    it('says which key is damaged', async () => {
      const damaged = { code: 'data_loss', reason: 'auth.damaged_key', details: { key_id: key.keyId } };

      await expect(only({ ...key, privateKey: new Uint8Array(9) })).rejects.toMatchObject(damaged);
      await expect(
        signer.open({ signing: other, verifying: [{ keyId: key.keyId, jwk: { kty: 'RSA' } }] }, ISSUER),
      ).rejects.toMatchObject(damaged);
    });
  });
}
