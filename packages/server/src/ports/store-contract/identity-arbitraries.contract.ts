import fc from 'fast-check';
import { SESSION_END_REASONS, type Session } from '../../domain/session/session.ts';
import type { SigningKey } from '../../domain/session/signing-key.ts';
import type { ApiKey } from '../../domain/user/api-key.ts';
import type { CustomRole } from '../../domain/user/role.ts';
import { USER_SOURCES, USER_STATES, type User } from '../../domain/user/user.ts';
import { moment, object, orNull, small, texts, words } from './arbitraries.contract.ts';

/** Any user at all; whoever stores it gives it an id, a name, an address and a revision. */
export const anyUser: fc.Arbitrary<Omit<User, 'id' | 'name' | 'email' | 'revision'>> = fc.record({
  displayName: words,
  roles: fc.array(words, { maxLength: 3 }),
  state: fc.constantFrom(...USER_STATES),
  source: fc.constantFrom(...USER_SOURCES),
  passwordHash: orNull(words),
  passwordChangedAt: orNull(moment),
  mfa: orNull(
    fc.record({
      sealedSecret: words,
      confirmedAt: orNull(moment),
      lastUsedStep: orNull(small),
      recoveryDigests: fc.array(words, { maxLength: 3 }),
    }),
  ),
  quota: orNull(
    fc.record(
      {
        vms: small,
        vcpus: small,
        memoryMib: small,
        diskGib: small,
        snapshots: small,
        executions: small,
        networks: small,
        securityGroups: small,
      },
      { requiredKeys: [] },
    ),
  ),
  labels: texts,
  createdAt: moment,
  updatedAt: moment,
  lastLoginAt: orNull(moment),
});

/** Any role at all; whoever stores it gives it a name and a revision. */
export const anyRole: fc.Arbitrary<Omit<CustomRole, 'name' | 'revision'>> = fc.record({
  description: words,
  permissions: fc.array(words, { maxLength: 3 }),
  labels: texts,
  createdAt: moment,
  updatedAt: moment,
});

/** Any API key at all; whoever stores it gives it an id, a prefix and an owner. */
export const anyApiKey: fc.Arbitrary<Omit<ApiKey, 'id' | 'prefix' | 'owner'>> = fc.record({
  name: words,
  digest: words,
  permissions: orNull(fc.array(words, { maxLength: 3 })),
  labels: texts,
  expiresAt: orNull(moment),
  lastUsedAt: orNull(moment),
  createdBy: words,
  createdAt: moment,
});

/** Any session at all; whoever stores it gives it an id, a user and a revision. */
export const anySession: fc.Arbitrary<Omit<Session, 'id' | 'userId' | 'revision'>> = fc.record({
  owner: words,
  generation: small,
  rotates: fc.boolean(),
  userAgent: words,
  address: orNull(words),
  createdAt: moment,
  lastUsedAt: moment,
  expiresAt: moment,
  end: orNull(fc.record({ at: moment, because: fc.constantFrom(...SESSION_END_REASONS) })),
});

/** Any key of tokens at all; whoever stores it gives it an id. */
export const anySigningKey: fc.Arbitrary<Omit<SigningKey, 'keyId'>> = fc.record({
  jwk: object,
  sealedPrivateKey: words,
  createdAt: moment,
  signsFrom: moment,
});
