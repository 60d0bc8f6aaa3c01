import { randomBytes } from 'node:crypto';
import { createArgon2Hasher } from '../../adapters/identity/argon2-hasher.ts';
import { createJwtSigner } from '../../adapters/identity/jwt-signer.ts';
import { createNodeKeyMaterial } from '../../adapters/identity/node-key-material.ts';
import { createTotpCodes } from '../../adapters/identity/totp-codes.ts';
import { givenKeys } from '../../adapters/secrets/key-store.ts';
import { createKeyring } from '../../adapters/secrets/keyring.ts';
import { createManualClock, type ManualClock } from '../../adapters/shared/manual-clock.ts';
import { makeSqliteFixture } from '../../adapters/stores/sqlite/sqlite-store.fixture.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { createSystemIds } from '../../adapters/system/system-ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Store } from '../../ports/store.ts';
import { createAges } from '../ages.ts';
import type { CreateApiKeyRequest, CreateUserRequest } from '../apis/user-api.ts';
import { ENGINE_DEFAULTS } from '../deps.ts';
import { ADMIN_KEY } from '../principals.test-kit.ts';
import { createIdentity, type Identity } from './create-identity.ts';

/** Accounts over a real database, at a time that stands still. */
export interface IdentityTrial extends AsyncDisposable {
  readonly identity: Identity;
  readonly store: Store;
  readonly clock: ManualClock;
  /** Who presents this key. */
  by(key: string): Promise<Principal>;
}

const NOWHERE = { address: null, requestId: null };

export async function createIdentityTrial(): Promise<IdentityTrial> {
  const fixture = makeSqliteFixture();
  const store = await fixture.open();
  const clock = createManualClock();
  const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
  const parts = { store, clock, ids: createSystemIds(), log, keyMaterial: createNodeKeyMaterial() };
  const passwordHasher = createArgon2Hasher({ atOnce: 1, maxWaiting: 100 });
  const tokens = {
    keyring: createKeyring(givenKeys(randomBytes(32).toString('base64'))),
    tokenSigner: createJwtSigner(),
    oneTimeCodes: createTotpCodes(),
  };
  const identity = createIdentity(
    { ...parts, ...tokens, passwordHasher },
    { adminKey: ADMIN_KEY, hostId: parts.ids.create('host'), sessions: ENGINE_DEFAULTS.sessions },
    createAges(clock),
  );
  await identity.start();
  return {
    identity,
    store,
    clock,
    by: async (key) => await identity.authenticate({ kind: 'bearer', value: key }, NOWHERE),
    async [Symbol.asyncDispose]() {
      await identity.stop();
      await fixture[Symbol.asyncDispose]();
    },
  };
}

/** What makes a user of this name, a member without a password. */
export function userNamed(name: string, change: Partial<CreateUserRequest> = {}): CreateUserRequest {
  return { name, email: null, displayName: '', roles: ['member'], password: null, quota: null, labels: {}, ...change };
}

/** What makes a key of the asker's own, without limits. */
export function keyRequest(change: Partial<CreateApiKeyRequest> = {}): CreateApiKeyRequest {
  return { name: 'a key', owner: null, permissions: null, expiresAt: null, labels: {}, ...change };
}
