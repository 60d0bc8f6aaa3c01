import { constants, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TokenClaims } from '../../domain/session/token.ts';
import { numberedId } from '../../ports/store-contract/samples.contract.ts';
import { tokenSignerContract } from '../../ports/token-signer.contract.ts';
import type { KeyPair, Tokens } from '../../ports/token-signer.ts';
import { createJwtSigner } from './jwt-signer.ts';

tokenSignerContract({ name: 'JWT by RS256', make: createJwtSigner });

const ISSUER = 'urn:volary:test';
const NOW = 1_763_733_045_000;
const SECONDS = NOW / 1_000;
const CLAIMS: TokenClaims = {
  kind: 'access',
  userId: numberedId('usr', 1),
  sessionId: numberedId('sess', 2),
  generation: 0,
  issuedAt: NOW,
  expiresAt: NOW + 3_600_000,
};
const PAYLOAD = {
  ...{ iss: ISSUER, aud: 'volary', sub: CLAIMS.userId, sid: CLAIMS.sessionId, gen: 0 },
  ...{ iat: SECONDS, nbf: SECONDS, exp: SECONDS + 3_600 },
};

let ours: KeyPair;
let theirs: KeyPair;
let tokens: Tokens;
let good: string;

beforeAll(async () => {
  const signer = createJwtSigner();
  [ours, theirs] = await Promise.all([signer.createKey(), signer.createKey()]);
  tokens = await signer.open({ signing: ours, verifying: [] }, ISSUER);
  good = await tokens.sign(CLAIMS);
});

const verify = (token: string) => tokens.verify(token, { kind: 'access', now: NOW });
const refused = (token: string, reason = 'auth.token_invalid') =>
  expect(verify(token)).rejects.toMatchObject({
    code: 'unauthenticated',
    reason,
    message: expect.not.stringMatching(/kid|sign|aud|iss/),
  });

/** A token as an attacker could make it, by whichever key; what it says is as ours would be but for the change. */
function forge(
  by: KeyPair,
  { header = {}, payload = {} }: { readonly header?: object; readonly payload?: object } = {},
) {
  const key = createPrivateKey({ key: Buffer.from(by.privateKey), format: 'der', type: 'pkcs8' });
  const { digest, ...options } = DIGESTS[String(Object(header).alg ?? 'RS256')] ?? { digest: 'sha256' };
  const signed = encode({ alg: 'RS256', typ: 'at+jwt', kid: ours.keyId, ...header }, { ...PAYLOAD, ...payload });
  return `${signed}.${sign(digest, Buffer.from(signed), { key, ...options }).toString('base64url')}`;
}

const DIGESTS: Readonly<Record<string, { readonly digest: string; readonly padding?: number }>> = {
  RS384: { digest: 'sha384' },
  RS512: { digest: 'sha512' },
  PS256: { digest: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING },
};

function encode(...parts: readonly object[]): string {
  return parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

function bySecret(secret: string | Buffer, header: object): string {
  const signed = encode(header, PAYLOAD);
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

describe('attacks on tokens', () => {
  it('are told from what a token by the same hands would be', async () => {
    await expect(verify(forge(ours))).resolves.toEqual(CLAIMS);
  });

  it('none as the algorithm', async () => {
    await refused(`${encode({ alg: 'none' }, PAYLOAD)}.`);
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = encode({ alg, typ: 'at+jwt', kid: ours.keyId });
      const [, payload, signature] = good.split('.');
      await refused(`${header}.${payload}.`);
      await refused(`${header}.${payload}.${signature}`);
    }
  });

  it('HS256 with the public key as the secret', async () => {
    const key = createPublicKey({ key: { ...ours.jwk }, format: 'jwk' });
    const header = { alg: 'HS256', typ: 'at+jwt', kid: ours.keyId };
    for (const secret of [
      key.export({ format: 'pem', type: 'spki' }),
      key.export({ format: 'der', type: 'spki' }),
      JSON.stringify(ours.jwk),
      String(ours.jwk['n']),
    ]) {
      await refused(bySecret(secret, header));
    }
  });

  it.each(['RS384', 'RS512', 'PS256'])('%s by our own key', async (alg) => {
    await refused(forge(ours, { header: { alg } }));
  });

  it('a foreign key that says it is ours', async () => {
    await refused(forge(theirs));
  });

  it.each(['jwk', 'jku', 'x5u', 'x5c'])('a key of their own in the header: %s', async (name) => {
    const values: Readonly<Record<string, unknown>> = {
      jwk: theirs.jwk,
      jku: 'https://evil.invalid/jwks',
      x5u: 'https://evil.invalid/x5u',
      x5c: ['MII'],
    };
    for (const kid of [ours.keyId, theirs.keyId]) {
      await refused(forge(theirs, { header: { kid, [name]: values[name] } }));
    }
  });

  it.each([
    '../../../../dev/null',
    '/proc/self/environ',
    "' or 1=1 --",
    '__proto__',
    'constructor',
    'https://evil.invalid/key',
    '',
    'a'.repeat(1_000),
  ])('the kid %.30s', async (kid) => {
    await refused(forge(theirs, { header: { kid } }));
    await refused(bySecret('', { alg: 'HS256', typ: 'at+jwt', kid }));
  });

  it('no kid, or one that is no text', async () => {
    const { n, e, kty } = theirs.jwk;
    for (const kid of [undefined, 1, null, [ours.keyId], { n, e, kty }]) {
      const header = encode({ alg: 'RS256', typ: 'at+jwt', kid });
      const [, payload, signature] = good.split('.');
      await refused(`${header}.${payload}.${signature}`);
    }
  });

  it('extensions that must be understood', async () => {
    await refused(forge(ours, { header: { crit: ['exp'], exp: 1 } }));
    const header = encode({ alg: 'RS256', typ: 'at+jwt', kid: ours.keyId, crit: ['b64'], b64: false });
    await refused(`${header}.${good.split('.').slice(1).join('.')}`);
  });

  it.each([
    ['another issuer', { iss: 'urn:volary:other' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'somebody-else' }],
    ['the audience of refresh tokens', { aud: 'volary:refresh' }],
    ['no audience', { aud: undefined }],
    ['a time to come', { nbf: SECONDS + 60 }],
    ['no beginning', { nbf: undefined }],
    ['no end', { exp: undefined }],
    ['an end that is no number', { exp: 'never' }],
    ['no user', { sub: undefined }],
    ['a user that is none', { sub: 'admin' }],
    ['no session', { sid: undefined }],
    ['a generation that is no number', { gen: '0' }],
  ])('%s, by our own key', async (_what, payload) => {
    await refused(forge(ours, { payload }));
  });

  it('an end that has come', async () => {
    await refused(forge(ours, { payload: { exp: SECONDS - 60, iat: 0, nbf: 0 } }), 'auth.token_expired');
  });

  it('an end that has come, of a token by nobody: it is not told that it would have been good', async () => {
    await refused(forge(theirs, { payload: { exp: SECONDS - 60 } }));
    await refused(forge(ours, { payload: { exp: SECONDS - 60, iss: 'urn:volary:other' } }));
  });

  it.each(['rt+jwt', 'JWT', 'application/json', undefined])('the type %s', async (typ) => {
    await refused(forge(ours, { header: { typ } }));
  });

  it('anything cut off, added or turned', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: good.length - 1 }), fc.constantFrom('cut', 'turn', 'add'), async (at, how) => {
        const turned = good[at] === 'A' ? 'B' : 'A';
        const changed = {
          cut: good.slice(0, at),
          turn: `${good.slice(0, at)}${turned}${good.slice(at + 1)}`,
          add: `${good.slice(0, at)}A${good.slice(at)}`,
        }[how];
        // The last letter of a signature of 256 bytes has four bits that say nothing.
        if (at < good.length - 1 && changed !== good) await refused(changed);
      }),
      { numRuns: 200 },
    );
  });
});
