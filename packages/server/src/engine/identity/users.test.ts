import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../../domain/principal/principal.ts';
import { refusal } from '../../ports/store-contract/fixture.contract.ts';
import { numberedId, sampleSnapshot, sampleVm } from '../../ports/store-contract/samples.contract.ts';
import type { UserApi } from '../apis/user-api.ts';
import { ADMIN, principalWith } from '../principals.test-kit.ts';
import { createIdentityTrial, type IdentityTrial, userNamed } from './identity.test-kit.ts';

const PASSWORD = 'brisk umbrella 7';
const lastAdmin = refusal('failed_precondition', 'user.last_admin');
const outranked = refusal('permission_denied', 'access.outranked');
const cannotGrant = refusal('permission_denied', 'access.cannot_grant');

let trial: IdentityTrial;
let users: UserApi;

beforeEach(async () => {
  trial = await createIdentityTrial();
  users = trial.identity.users;
});
afterEach(async () => {
  await trial[Symbol.asyncDispose]();
});

/** Somebody who looks after accounts, and is a member besides. */
/** What members may read besides what is their own. */
const READABLE = ['image:read', 'tool:read', 'template:read', 'warm-template:read', 'host:read'] as const;
const CLERK: Principal = principalWith('clerk', 'user:*', '*@own', ...READABLE);

describe('the first start', () => {
  it('makes one administrator, whose account no password opens', async () => {
    const [admin, ...others] = (await users.list(ADMIN, { limit: 9, after: null, states: ['active'] })).items;

    expect(others).toEqual([]);
    expect(admin).toMatchObject({ name: 'admin', email: 'admin@localhost', roles: ['admin'], passwordHash: null });
    await trial.identity.start();
    expect(await trial.store.users.get(admin?.id ?? numberedId('usr', 1))).toEqual(admin);
  });

  it('can make a password, once, and no later start can', async () => {
    const password = await users.makeFirstPassword();

    expect(password).toMatch(/^[\w-]{20}$/);
    expect(await users.makeFirstPassword()).toBeNull();
    expect((await users.get(ADMIN, 'admin')).passwordHash).toMatch(/^\$argon2id\$/);
  });
});

describe('a user', () => {
  it('is made as asked, and found by id and name', async () => {
    const made = await users.create(ADMIN, userNamed('ann', { email: 'ann@example.com', quota: { vms: 2 } }));

    expect(made).toMatchObject({ name: 'ann', state: 'active', source: 'local', roles: ['member'], quota: { vms: 2 } });
    expect(await users.get(ADMIN, made.id)).toEqual(made);
    expect(await users.get(ADMIN, 'ann')).toEqual(made);
  });

  it.each(['system', 'nobody', 'me', 'usr_x', '-a', 'A'])('cannot be named %s', async (name) => {
    await expect(users.create(ADMIN, userNamed(name))).rejects.toEqual(
      refusal('invalid_argument', 'user.invalid_name', { field: 'name' }),
    );
  });

  it('is not made with a weak password or a role that is not there', async () => {
    await expect(users.create(ADMIN, userNamed('ann', { password: 'password1234' }))).rejects.toEqual(
      refusal('invalid_argument', 'user.weak_password', { field: 'password' }),
    );
    await expect(users.create(ADMIN, userNamed('ann', { roles: ['pilot'] }))).rejects.toEqual(
      refusal('invalid_argument', 'user.unknown_role', { role: 'pilot' }),
    );
    await expect(users.get(ADMIN, 'ann')).rejects.toEqual(refusal('not_found', 'user.unknown'));
  });

  it('has a password that is kept as a hash, and can be set anew', async () => {
    const before = await users.create(ADMIN, userNamed('ann', { password: PASSWORD }));
    await users.setPassword(ADMIN, 'ann', 'another umbrella 8');

    const after = await users.get(ADMIN, 'ann');
    expect(after.passwordHash).toMatch(/^\$argon2id\$/);
    expect(after.passwordHash).not.toBe(before.passwordHash);
    expect(JSON.stringify(after)).not.toContain('umbrella');
    expect(after.passwordChangedAt).toBe(trial.clock.now());
  });

  it('is changed only as it was seen', async () => {
    const seen = await users.create(ADMIN, userNamed('ann'));
    const ifStill = [{ id: seen.id, version: seen.updatedAt }];
    await users.update(ADMIN, 'ann', { displayName: 'Ann' }, { ifStill });

    await expect(users.update(ADMIN, 'ann', { roles: ['viewer'] }, { ifStill })).rejects.toEqual(
      refusal('conflict', 'user.changed'),
    );
    await expect(users.delete(ADMIN, 'ann', { ifStill })).rejects.toEqual(refusal('conflict', 'user.changed'));

    expect(await users.get(ADMIN, 'ann')).toMatchObject({ displayName: 'Ann', roles: ['member'] });
  });

  it('who owns something is not deleted, and it is told how much', async () => {
    await users.create(ADMIN, userNamed('ann'));
    for (const number of [1, 2]) await trial.store.vms.insert(sampleVm(number, { owner: 'ann' }));
    await trial.store.snapshots.insert(sampleSnapshot(1, { owner: 'ann' }));

    await expect(users.delete(ADMIN, 'ann')).rejects.toEqual(
      refusal('failed_precondition', 'user.owns_resources', { vms: 2, snapshots: 1, webhooks: 0 }),
    );
    expect((await users.get(ADMIN, 'ann')).state).toBe('active');
  });

  it('who is deleted keeps the name and nothing else', async () => {
    const { id } = await users.create(ADMIN, userNamed('ann', { email: 'ann@example.com', password: PASSWORD }));

    await users.delete(ADMIN, 'ann');

    const left = await users.get(ADMIN, id);
    expect(left).toMatchObject({
      name: 'ann',
      state: 'deleted',
      email: null,
      roles: [],
      passwordHash: null,
      mfa: null,
    });
    await expect(users.update(ADMIN, 'ann', { state: 'active' })).rejects.toEqual(refusal('not_found', 'user.unknown'));
    await expect(users.create(ADMIN, userNamed('ann'))).rejects.toEqual(
      refusal('already_exists', 'user.name_taken', { name: 'ann' }),
    );
    await users.create(ADMIN, userNamed('anna', { email: 'ann@example.com' }));
  });
});

describe('the last administrator', () => {
  it('is not disabled, deleted, nor made anything else', async () => {
    await expect(users.update(ADMIN, 'admin', { state: 'disabled' })).rejects.toEqual(lastAdmin);
    await expect(users.update(ADMIN, 'admin', { roles: ['operator'] })).rejects.toEqual(lastAdmin);
    await expect(users.delete(ADMIN, 'admin')).rejects.toEqual(lastAdmin);
  });

  it('is the one who can come in: another without a password is none', async () => {
    await users.create(ADMIN, userNamed('eve', { roles: ['admin'] }));
    await expect(users.update(ADMIN, 'admin', { state: 'disabled' })).rejects.toEqual(lastAdmin);

    await users.setPassword(ADMIN, 'eve', PASSWORD);

    expect(await users.update(ADMIN, 'admin', { state: 'disabled' })).toMatchObject({ state: 'disabled' });
    await expect(users.update(ADMIN, 'eve', { roles: [] })).rejects.toEqual(lastAdmin);
  });

  it('stays when two give up their role at the same time', async () => {
    await users.create(ADMIN, userNamed('eve', { roles: ['admin'], password: PASSWORD }));

    const ends = await Promise.allSettled(['admin', 'eve'].map((name) => users.update(ADMIN, name, { roles: [] })));

    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('nobody gives away what is not his', () => {
  it('makes users with no more rights than his own', async () => {
    await users.create(CLERK, userNamed('ann'));

    await expect(users.create(CLERK, userNamed('eve', { roles: ['admin'] }))).rejects.toEqual(cannotGrant);
    await users.create(ADMIN, userNamed('bare', { roles: [] }));
    await expect(users.update(CLERK, 'bare', { roles: ['member', 'operator'] })).rejects.toEqual(cannotGrant);
    await users.update(CLERK, 'bare', { roles: ['member'] });
  });

  it('does not take over the account of somebody who may do more', async () => {
    await users.create(ADMIN, userNamed('op', { roles: ['operator'] }));

    for (const name of ['op', 'admin']) {
      await expect(users.setPassword(CLERK, name, PASSWORD)).rejects.toEqual(outranked);
      await expect(users.update(CLERK, name, { email: 'mine@example.com' })).rejects.toEqual(outranked);
      await expect(users.delete(CLERK, name)).rejects.toEqual(outranked);
    }
  });

  it('takes over nobody who may do as much: with what is their own', async () => {
    await users.create(ADMIN, userNamed('ann'));

    await expect(users.setPassword(CLERK, 'ann', PASSWORD)).rejects.toEqual(outranked);
    await expect(users.update(CLERK, 'ann', { state: 'disabled' })).rejects.toEqual(outranked);
  });

  it('changes the own account by a key that may do as much as its user alone', async () => {
    await users.create(ADMIN, userNamed('ann'));
    const member = principalWith('ann', '*@own', ...READABLE);

    expect(await users.updateMe(member, { displayName: 'Ann' })).toMatchObject({ displayName: 'Ann' });

    await expect(users.updateMe(principalWith('ann', 'vm:read'), { email: 'e@example.com' })).rejects.toEqual(
      outranked,
    );
    expect((await users.me(principalWith('ann', 'vm:read'))).displayName).toBe('Ann');
  });
});
