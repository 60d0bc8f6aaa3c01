import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal } from '../../ports/store-contract/fixture.contract.ts';
import type { RoleApi } from '../apis/user-api.ts';
import { ADMIN, principalWith } from '../principals.test-kit.ts';
import { createIdentityTrial, type IdentityTrial, userNamed } from './identity.test-kit.ts';

const READER = { description: 'Reads', permissions: ['vm:read'] };
const builtIn = refusal('failed_precondition', 'role.built_in');
const cannotGrant = refusal('permission_denied', 'access.cannot_grant');

let trial: IdentityTrial;
let roles: RoleApi;

beforeEach(async () => {
  trial = await createIdentityTrial();
  roles = trial.identity.roles;
});
afterEach(async () => {
  await trial[Symbol.asyncDispose]();
});

describe('a role', () => {
  it('is made, changed and listed after the built-in ones', async () => {
    expect(await roles.put(ADMIN, 'reader', READER)).toMatchObject({ isNew: true, role: { permissions: ['vm:read'] } });
    expect(await roles.put(ADMIN, 'reader', { ...READER, permissions: ['*:read'] })).toMatchObject({ isNew: false });

    const all = await roles.list(ADMIN);

    expect(all.map(({ name }) => name)).toEqual(['admin', 'operator', 'viewer', 'member', 'reader']);
    expect(await roles.get(ADMIN, 'reader')).toMatchObject({ permissions: ['*:read'], description: 'Reads' });
    expect((await roles.get(ADMIN, 'viewer')).custom).toBeNull();
  });

  it.each(['vm:fly', 'plane:*', '**', 'vm:read@all', 'image:read@own', ''])('does not allow %j', async (pattern) => {
    await expect(roles.put(ADMIN, 'odd', { ...READER, permissions: [pattern] })).rejects.toEqual(
      refusal('invalid_argument', 'role.invalid_permission', { permission: pattern }),
    );
  });

  it('that is built in is neither changed nor deleted', async () => {
    for (const name of ['admin', 'operator', 'viewer', 'member']) {
      await expect(roles.put(ADMIN, name, READER)).rejects.toEqual(builtIn);
      await expect(roles.delete(ADMIN, name)).rejects.toEqual(builtIn);
    }
  });

  it('is not deleted as long as users have it, and they are named', async () => {
    await roles.put(ADMIN, 'reader', READER);
    await trial.identity.users.create(ADMIN, userNamed('ann', { roles: ['reader'] }));

    const fault: unknown = await roles.delete(ADMIN, 'reader').catch((error: unknown) => error);

    expect(fault).toEqual(refusal('failed_precondition', 'role.in_use'));
    expect(String(fault)).toContain('ann');
    await trial.identity.users.delete(ADMIN, 'ann');
    await roles.delete(ADMIN, 'reader');
    await expect(roles.get(ADMIN, 'reader')).rejects.toEqual(refusal('not_found', 'role.unknown'));
  });

  it('allows no more than its maker may do, and is not taken by who may do less', async () => {
    const maker = principalWith('maker', 'role:*', 'vm:read');
    await roles.put(maker, 'reader', READER);
    await roles.put(ADMIN, 'builder', { description: '', permissions: ['image:*'] });

    await expect(roles.put(maker, 'reader', { ...READER, permissions: ['vm:*'] })).rejects.toEqual(cannotGrant);
    await expect(roles.put(maker, 'builder', READER)).rejects.toEqual(cannotGrant);
    await expect(roles.delete(maker, 'builder')).rejects.toEqual(cannotGrant);
  });

  it('can be made 200 times', async () => {
    for (let i = 0; i < 200; i++) await roles.put(ADMIN, `role-${i}`, READER);

    await expect(roles.put(ADMIN, 'one-more', READER)).rejects.toEqual(
      refusal('resource_exhausted', 'role.too_many', { maximum: 200 }),
    );
    expect(await roles.put(ADMIN, 'role-7', READER)).toMatchObject({ isNew: false });
  });
});
