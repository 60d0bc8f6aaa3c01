/** Logins over a real database, with real passwords, tokens and codes; only time stands still until it is stepped. */
import { randomBytes } from 'node:crypto';
import { TOTP } from 'otpauth';
import { createMemoryBus } from '../../adapters/bus/memory-bus.ts';
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
import type { User } from '../../domain/user/user.ts';
import type { Store } from '../../ports/store.ts';
import { sampleUser } from '../../ports/store-contract/samples.contract.ts';
import { createGuessLimits } from '../access/guess-limits.ts';
import { createAges } from '../ages.ts';
import type { AuthApi, Login, LoginRequest } from '../apis/auth-api.ts';
import { ENGINE_DEFAULTS, type SessionLimits } from '../deps.ts';
import { ADMIN } from '../principals.test-kit.ts';
import { createKeyRotations } from '../secrets/rotate-key.ts';
import { createAuthenticate } from './authenticate.ts';
import { type Auth, createAuth } from './create-auth.ts';
import { createIdentityEpoch } from './identity-epoch.ts';
import { createKeyUses } from './key-uses.ts';

export const HOME = { address: '192.0.2.7', userAgent: 'curl/8' } as const;
export const PASSWORD = 'a long enough one';
export const DAY_MS = 24 * 3_600_000;

export interface AuthTrial extends AsyncDisposable {
  readonly auth: Auth;
  readonly api: AuthApi;
  readonly store: Store;
  readonly clock: ManualClock;
  /** What was logged, a JSON object a line. */
  readonly logged: readonly string[];
  /** A user with `PASSWORD`. */
  addUser(number: number, change?: Partial<User>): Promise<User>;
  logIn(change?: Partial<LoginRequest>, client?: Parameters<AuthApi['logIn']>[0]): Promise<Login>;
  /** Who asks by this as a bearer. */
  bearer(token: string): Promise<Principal>;
  /** The code that an authenticator shows now, or so many steps on. */
  codeOf(secret: string, steps?: number): string;
  /** Has all that is sealed sealed by a new key, and drops the old one; how many of each kind. */
  changeSealingKey(): Promise<Readonly<Record<string, number>>>;
  /** Another server on the same database. */
  another(): Promise<Auth>;
}

export async function createAuthTrial(change: Partial<SessionLimits> = {}): Promise<AuthTrial> {
  const fixture = makeSqliteFixture();
  const clock = createManualClock();
  const logged: string[] = [];
  const log = createPinoLog({ level: 'debug', stream: { write: (line: string) => void logged.push(line) } });
  const ids = createSystemIds();
  const passwordHasher = createArgon2Hasher({ atOnce: 2, maxWaiting: 1_000 });
  const shared = {
    ...{ clock, log, ids, passwordHasher },
    keyring: createKeyring({ ...givenKeys(randomBytes(32).toString('base64')), save: () => undefined }),
    tokenSigner: createJwtSigner(),
    oneTimeCodes: createTotpCodes(),
  };
  const hash = await passwordHasher.hash(PASSWORD);
  const limits = { ...ENGINE_DEFAULTS.sessions, ...change };
  const store = await fixture.open();
  const epoch = createIdentityEpoch();

  const open = (over: Store): Auth =>
    createAuth(
      { ...shared, store: over },
      { hostId: ids.create('host'), sessions: limits },
      { epoch, ages: createAges(clock), guesses: createGuessLimits({ clock }) },
    );
  const auth = open(store);
  const keyMaterial = createNodeKeyMaterial();
  const authenticate = createAuthenticate({
    ...{ ...shared, store, keyMaterial, epoch, verifyToken: auth.verifyToken, adminKey: null },
    uses: createKeyUses({ ...shared, store }),
    ensureAdmin: async () => undefined,
  });
  return {
    ...{ auth, api: auth.api, store, clock, logged },
    async addUser(number, changed = {}) {
      const user = sampleUser(number, { passwordHash: hash, passwordChangedAt: clock.now(), ...changed });
      await store.users.insert(user);
      return user;
    },
    logIn: (changed = {}, client = HOME) =>
      auth.api.logIn(client, {
        ...{ by: 'name', account: 'user-1', password: PASSWORD, mfaCode: null, rotates: true },
        ...changed,
      }),
    bearer: async (value) => await authenticate({ kind: 'bearer', value }, { address: HOME.address, requestId: null }),
    codeOf: (secret, steps = 0) => new TOTP({ secret }).generate({ timestamp: clock.now() + steps * 30_000 }),
    async changeSealingKey() {
      const deps = { ...shared, store, bus: createMemoryBus({ log }), hostId: ids.create('host') };
      return (await createKeyRotations(deps).rotate(ADMIN)).resealed;
    },
    another: async () => open(await fixture.open()),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}
