/**
 * The keys of tokens: made when they are needed, kept sealed in the database, where several servers share them, and changed by age.
 * Making one takes up to seconds, and holds up nobody but who logs in first of all.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { SigningKey } from '../../domain/session/signing-key.ts';
import type { TokenClaims, TokenKind } from '../../domain/session/token.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Tables } from '../../ports/store.ts';
import type { KeyPair, Tokens } from '../../ports/token-signer.ts';
import type { Ages } from '../ages.ts';
import type { EngineDeps } from '../deps.ts';
import { type KeyPlan, type KeyPolicy, planKeys } from './plan-keys.ts';

export interface TokenKeys {
  sign(claims: TokenClaims): Promise<string>;
  /** Throws `unauthenticated` auth.token_expired / auth.token_invalid. */
  verify(token: string, kind: TokenKind): Promise<TokenClaims>;
  /** The public keys, as a JSON Web Key Set. */
  publicKeys(): Promise<JsonObject>;
  /**
   * Takes up the keys as they are stored now, makes one if it is time, and drops those that nothing is valid by. Where there is none yet it makes
   * none: that is for who needs it.
   */
  look(): Promise<void>;
}

export type TokenKeysDeps = Pick<EngineDeps, 'store' | 'clock' | 'log' | 'keyring' | 'tokenSigner'> & {
  readonly ages: Ages;
  /** The `iss` of tokens; unlike that of any other installation. */
  readonly issuer: () => Promise<string>;
  readonly policy: KeyPolicy & { readonly longestTokenMs: number };
};

/** How often it is looked at most whether another server has made the key of a token that is not known. */
const LOOK_AGAIN_MS = 10_000;
/** One to find that there is none, one to take up the one that was made, one more where another server makes one as well. */
const MOST_TURNS = 3;

interface Open {
  readonly tokens: Tokens;
  readonly plan: KeyPlan;
  readonly lookedAtMs: number;
}

export function createTokenKeys(deps: TokenKeysDeps): TokenKeys {
  const { store, clock, log, tokenSigner, policy, ages } = deps;
  let opened: Open | null = null;
  let opening: Promise<Open> | null = null;

  const plan = async ({ signingKeys }: Pick<Tables, 'signingKeys'>): Promise<KeyPlan> =>
    planKeys(await signingKeys.list(), policy, {
      now: clock.now(),
      lastSignedBefore: ages.before(policy.longestTokenMs),
    });

  async function open(): Promise<Open> {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const found = await plan(store);
      for (const { keyId } of found.obsolete) await store.signingKeys.delete(keyId);
      const signing = firstUsable(deps, found.signing);
      const nextSignsFrom = signing === null ? clock.now() : found.nextSignsFrom;
      if (signing !== null && nextSignsFrom === null) {
        const tokens = await tokenSigner.open({ signing, verifying: found.verifying }, await deps.issuer());
        return { tokens, plan: found, lookedAtMs: clock.monotonicMs() };
      }
      await makeKey(deps, { found, plan, signsFrom: nextSignsFrom ?? clock.now() });
    }
    throw new VolaryError('unavailable', 'No key of tokens could be made.', { reason: 'auth.no_key' });
  }

  /** Looks once for all who ask at the same time. */
  async function look(): Promise<Open> {
    opening ??= open().finally(() => {
      opening = null;
    });
    opened = await opening;
    return opened;
  }

  const obtain = async (): Promise<Open> => opened ?? (await look());

  return {
    sign: async (claims) => (await obtain()).tokens.sign(claims),
    async verify(token, kind) {
      const { tokens, lookedAtMs } = await obtain();
      const expected = { kind, now: clock.now() };
      try {
        return await tokens.verify(token, expected);
      } catch (error) {
        const isUnknown = error instanceof VolaryError && error.reason === 'auth.token_invalid';
        if (!isUnknown || clock.monotonicMs() - lookedAtMs < LOOK_AGAIN_MS) throw error;
        log.debug('a token by no key that is known; looking whether there are others');
        return await (await look()).tokens.verify(token, expected);
      }
    },
    publicKeys: async () => ({ keys: (await obtain()).plan.verifying.map(({ jwk }) => jwk) }),
    look: async () => {
      if ((await store.signingKeys.list()).length > 0) await look();
    },
  };
}

/** A key that cannot be opened verifies still; it is told, since its secret half is lost. */
function firstUsable({ keyring, log }: TokenKeysDeps, keys: readonly SigningKey[]): KeyPair | null {
  for (const { keyId, jwk, sealedPrivateKey } of keys) {
    try {
      return { keyId, jwk, privateKey: keyring.open(sealedPrivateKey, signingKeyContextOf(keyId)) };
    } catch (error) {
      log.error('a key of tokens cannot be used, and another takes its place', { keyId, error });
    }
  }
  return null;
}

/** Stores a new key, unless another server has been quicker. */
async function makeKey(
  { store, clock, log, keyring, tokenSigner }: TokenKeysDeps,
  what: {
    readonly found: KeyPlan;
    readonly plan: (tables: Pick<Tables, 'signingKeys'>) => Promise<KeyPlan>;
    readonly signsFrom: EpochMs;
  },
): Promise<void> {
  const { keyId, jwk, privateKey } = await tokenSigner.createKey();
  const known = new Set(what.found.verifying.map((each) => each.keyId));
  await store.transaction(async (tables) => {
    const { verifying } = await what.plan(tables);
    if (verifying.some((each) => !known.has(each.keyId))) return;
    // Within the transaction that writes it, so that a change of the sealing key sees it.
    await tables.signingKeys.insert({
      keyId,
      jwk,
      sealedPrivateKey: keyring.seal(privateKey, signingKeyContextOf(keyId)),
      createdAt: clock.now(),
      signsFrom: what.signsFrom,
    });
    log.info('a new key of tokens was made', { keyId });
  });
}

/** What the secret half of this key is sealed for. */
export function signingKeyContextOf(keyId: string): string {
  return `signing-key/${keyId}`;
}
