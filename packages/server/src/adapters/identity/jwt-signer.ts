import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type * as Jose from 'jose';
import type { JWTPayload } from 'jose';
import { VolaryError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import type { PublicKey } from '../../domain/session/signing-key.ts';
import type { TokenClaims, TokenKind } from '../../domain/session/token.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { KeyPair, TokenSigner, Tokens } from '../../ports/token-signer.ts';

const generate = promisify(generateKeyPair);

const ALGORITHM = 'RS256';
const KEY_BITS = 2048;
/** Clocks of several servers are never quite the same. */
const SKEW_SECONDS = 5;
/** Ours have about 700 characters; longer ones are not even looked at. */
const LONGEST_TOKEN = 2_048;
const SECOND_MS = 1_000;

/** What tells the kinds of tokens apart: two marks, each of which is checked (RFC 8725, 3.11 and 3.12). */
const MARKS = {
  access: { typ: 'at+jwt', audience: 'volary' },
  refresh: { typ: 'rt+jwt', audience: 'volary:refresh' },
} as const satisfies Record<TokenKind, { readonly typ: string; readonly audience: string }>;

/** JSON Web Tokens by RS256 with keys of 2048 bits. jose, which takes ten megabytes, is loaded when a token is first wanted. */
export function createJwtSigner(): TokenSigner {
  return {
    createKey,
    async open({ signing, verifying }, issuer) {
      const privateKey = importPrivate(signing);
      const jose = await import('jose');
      const keys = new Map([signing, ...verifying].map((key) => [key.keyId, importPublic(key)]));
      return {
        sign: (claims) => sign(jose, claims, { issuer, keyId: signing.keyId, privateKey }),
        verify: (token, expected) => verify(jose, token, { ...expected, issuer, keys }),
      } satisfies Tokens;
    },
  };
}

async function createKey(): Promise<KeyPair> {
  const { calculateJwkThumbprint, exportJWK } = await import('jose');
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: KEY_BITS });
  const { kty, n, e } = await exportJWK(publicKey);
  if (kty === undefined || n === undefined || e === undefined) throw new TypeError('an RSA key without its parts');
  const keyId = await calculateJwkThumbprint({ kty, n, e });
  return {
    keyId,
    jwk: { kty, n, e, alg: ALGORITHM, use: 'sig', kid: keyId },
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }),
  };
}

function importPrivate({ keyId, privateKey }: KeyPair): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw damagedKey(keyId, cause);
  }
}

function importPublic({ keyId, jwk }: PublicKey): KeyObject {
  try {
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch (cause) {
    throw damagedKey(keyId, cause);
  }
  throw damagedKey(keyId, undefined);
}

function damagedKey(keyId: string, cause: unknown): VolaryError {
  return new VolaryError('data_loss', 'A stored key of tokens is damaged.', {
    reason: 'auth.damaged_key',
    details: { key_id: keyId },
    cause,
  });
}

interface SigningWith {
  readonly issuer: string;
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

function sign(
  { SignJWT }: typeof Jose,
  claims: TokenClaims,
  { issuer, keyId, privateKey }: SigningWith,
): Promise<string> {
  const { typ, audience } = MARKS[claims.kind];
  const issuedAt = Math.floor(claims.issuedAt / SECOND_MS);
  return new SignJWT({ sid: claims.sessionId, gen: claims.generation })
    .setProtectedHeader({ alg: ALGORITHM, typ, kid: keyId })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(claims.userId)
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(Math.floor(claims.expiresAt / SECOND_MS))
    .sign(privateKey);
}

interface VerifyingWith {
  readonly kind: TokenKind;
  readonly now: EpochMs;
  readonly issuer: string;
  readonly keys: ReadonlyMap<string, KeyObject>;
}

async function verify(
  { errors, jwtVerify }: typeof Jose,
  token: string,
  { kind, now, issuer, keys }: VerifyingWith,
): Promise<TokenClaims> {
  if (token.length > LONGEST_TOKEN) throw invalid(undefined);
  const { typ, audience } = MARKS[kind];
  try {
    const { payload } = await jwtVerify(
      token,
      // Keys are found by name among ours; what a header says of keys elsewhere (jwk, jku, x5u) is never looked at.
      ({ kid }) => {
        const key = kid === undefined ? undefined : keys.get(kid);
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return key;
      },
      {
        algorithms: [ALGORITHM],
        currentDate: new Date(now),
        clockTolerance: SKEW_SECONDS,
        requiredClaims: ['sub', 'sid', 'gen', 'iat', 'nbf', 'exp'],
        ...{ typ, issuer, audience },
      },
    );
    return claimsOf(payload, kind);
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) {
      throw new VolaryError('unauthenticated', 'The token has expired; log in again, or refresh it.', {
        reason: 'auth.token_expired',
        cause,
      });
    }
    if (cause instanceof errors.JOSEError) throw invalid(cause);
    throw cause;
  }
}

function claimsOf({ sub, sid, gen, iat, exp }: JWTPayload, kind: TokenKind): TokenClaims {
  const userId = parseId('usr', String(sub));
  const sessionId = parseId('sess', String(sid));
  if (userId === null || sessionId === null || typeof gen !== 'number' || !Number.isSafeInteger(gen))
    throw invalid(sub);
  return {
    ...{ kind, userId, sessionId },
    generation: gen,
    issuedAt: Number(iat) * SECOND_MS,
    expiresAt: Number(exp) * SECOND_MS,
  };
}

function invalid(cause: unknown): VolaryError {
  return new VolaryError('unauthenticated', 'This token is not valid.', { reason: 'auth.token_invalid', cause });
}
