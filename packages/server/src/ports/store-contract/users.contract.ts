import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { User } from '../../domain/user/user.ts';
import { type MakeStore, outcomes, refusal, walkPages, withStore } from './fixture.contract.ts';
import { anyUser } from './identity-arbitraries.contract.ts';
import { sampleGroup, sampleNetwork } from './networks.contract.ts';
import {
  numberedId,
  sampleSecret,
  sampleSnapshot,
  sampleTemplate,
  sampleUser,
  sampleVm,
  sampleWebhook,
} from './samples.contract.ts';
import { sampleVolume } from './volumes.contract.ts';

const nameTaken = refusal('already_exists', 'user.name_taken', { field: 'name' });
const emailTaken = refusal('already_exists', 'user.email_taken', { field: 'email' });

/** What is asked of the table of users. */
export function userTableContract(make: MakeStore): void {
  describe('users', () => {
    it(
      'are read as they were written',
      withStore(make, async ({ users }) => {
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anyUser, anyUser, async (any, other) => {
            number += 1;
            const [id, name] = [numberedId('usr', number), `name-${number}`];
            const user: User = { ...any, id, name, email: `${number}@example.com`, revision: 1 };
            await users.insert(user);
            expect(await users.get(id)).toEqual(user);
            expect(await users.getByName(name)).toEqual(user);
            const changed: User = { ...other, id, name, email: null, revision: 2 };
            await users.update(changed);
            expect(await users.get(id)).toEqual(changed);
          }),
          { numRuns: 60 },
        );
        expect(await users.get(numberedId('usr', 999))).toBeNull();
        expect(await users.getByName('nobody-at-all')).toBeNull();
      }),
    );

    it(
      'have names that are given once, also when their user is deleted',
      withStore(make, async ({ users }) => {
        await users.insert(sampleUser(1, { name: 'ann' }));
        await users.update(sampleUser(1, { name: 'ann', email: null, state: 'deleted', revision: 2 }));

        await expect(users.insert(sampleUser(2, { name: 'ann' }))).rejects.toEqual(nameTaken);

        expect((await users.getByName('ann'))?.state).toBe('deleted');
      }),
    );

    it(
      'have addresses of their own whatever the case, and are found by them; or none',
      withStore(make, async ({ users }) => {
        const ann = sampleUser(1, { email: 'Ann@Example.com' });
        await users.insert(ann);
        await users.insert(sampleUser(2, { email: null }));
        await users.insert(sampleUser(3, { email: null }));

        await expect(users.insert(sampleUser(4, { email: 'ann@example.COM' }))).rejects.toEqual(emailTaken);
        await expect(users.update(sampleUser(2, { email: 'ANN@example.com', revision: 2 }))).rejects.toEqual(
          emailTaken,
        );

        expect(await users.getByEmail('aNN@eXample.com')).toEqual(ann);
        expect(await users.getByEmail('bob@example.com')).toBeNull();
        await users.update(sampleUser(1, { email: null, revision: 2 }));
        await users.insert(sampleUser(4, { email: 'ann@example.COM' }));
      }),
    );

    it(
      'are changed by one of those who read the same revision; a login is no change',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();
        await store.users.insert(sampleUser(1));
        await store.users.markLogin(numberedId('usr', 1), 77);

        const { kept, refusals } = await outcomes(
          [store, other].map((each, i) =>
            each.users.update(sampleUser(1, { displayName: `${i}`, lastLoginAt: 77, revision: 2 })),
          ),
        );

        expect(kept).toBe(1);
        expect(refusals).toEqual([refusal('conflict', 'store.revision')]);
        expect((await store.users.get(numberedId('usr', 1)))?.lastLoginAt).toBe(77);
      }),
    );

    it(
      'are listed in the order they were made, page by page, by state',
      withStore(make, async ({ users }) => {
        for (const number of [3, 1, 2]) await users.insert(sampleUser(number));
        await users.update(sampleUser(2, { state: 'deleted', email: null, revision: 2 }));
        const numbersOf = async (states: { readonly states?: readonly User['state'][] }) =>
          (await walkPages<User>((after) => users.list({ limit: 2, after, ...states }))).map(({ name }) => name);

        expect(await numbersOf({})).toEqual(['user-1', 'user-2', 'user-3']);
        expect(await numbersOf({ states: ['active', 'disabled'] })).toEqual(['user-1', 'user-3']);
        expect(await numbersOf({ states: [] })).toEqual([]);
      }),
    );

    it(
      'are owners: how much of each kind is known, of one and no other',
      withStore(
        make,
        async ({ users, vms, snapshots, webhooks, secrets, templates, networks, securityGroups, volumes }) => {
          await users.insert(sampleUser(1));
          for (const number of [1, 2, 3])
            await vms.insert(sampleVm(number, { owner: number === 3 ? 'user-2' : 'user-1' }));
          await snapshots.insert(sampleSnapshot(1, { owner: 'user-1' }));
          await webhooks.insert(sampleWebhook(1, { owner: 'user-2' }));
          await secrets.insert(sampleSecret(1, { owner: 'user-2' }));
          await templates.insert(sampleTemplate(1, { owner: 'user-2' }));
          await volumes.insert(sampleVolume(1, { owner: 'user-2' }));
          await networks.insert(sampleNetwork(1, { owner: 'user-2' }));
          await securityGroups.insert(sampleGroup(1, { owner: 'user-2' }));
          const others = { deployments: 0, volumes: 0, networks: 0, security_groups: 0 };
          const nothing = { vms: 0, snapshots: 0, webhooks: 0, secrets: 0, templates: 0, ...others };

          expect(await users.countOwned('user-1')).toEqual({ ...nothing, vms: 2, snapshots: 1 });
          const various = {
            vms: 1,
            webhooks: 1,
            secrets: 1,
            templates: 1,
            volumes: 1,
            networks: 1,
            security_groups: 1,
          };
          expect(await users.countOwned('user-2')).toEqual({ ...nothing, ...various });
          expect(await users.countOwned('user-3')).toEqual(nothing);
        },
      ),
    );

    it(
      'are found by the roles that they have, the deleted ones left out',
      withStore(make, async ({ users }) => {
        await users.insert(sampleUser(1, { roles: ['dev', 'viewer'] }));
        await users.insert(sampleUser(2, { roles: ['devops'] }));
        await users.insert(sampleUser(3, { roles: ['dev'], state: 'disabled' }));
        await users.insert(sampleUser(4, { roles: ['dev'], state: 'deleted', email: null }));
        const namesOf = async (role: string, limit: number) =>
          (await users.listWithRole(role, limit)).map(({ name }) => name);

        expect(await namesOf('dev', 9)).toEqual(['user-1', 'user-3']);
        expect(await namesOf('dev', 1)).toEqual(['user-1']);
        expect(await namesOf('admin', 9)).toEqual([]);
      }),
    );

    it(
      'are found by what has sealed their second factor',
      withStore(make, async ({ users }) => {
        const sealedAs = (sealedSecret: string) => ({
          mfa: { sealedSecret, confirmedAt: null, lastUsedStep: null, recoveryDigests: [] },
        });
        await users.insert(sampleUser(1, sealedAs('v1.old.x')));
        await users.insert(sampleUser(2, sealedAs('v1.old.y')));
        await users.insert(sampleUser(3, sealedAs('v1.new.v1.old.')));
        await users.insert(sampleUser(4));
        const found = async (limit: number) => (await users.listMfaSealedBy('v1.old.', limit)).map(({ name }) => name);

        expect(await found(9)).toEqual(['user-1', 'user-2']);
        expect(await found(1)).toEqual(['user-1']);
      }),
    );
  });
}
