import { describe, expect, it } from 'vitest';
import type { NetworkId, SecurityGroupId } from '../../domain/ids.ts';
import type { Network } from '../../domain/network/network.ts';
import type { SecurityGroup } from '../../domain/network/security-group.ts';
import { networkOf } from '../../domain/network/vm-network.ts';
import { type MakeStore, outcomes, refusal, walkPages, withStore } from './fixture.contract.ts';
import { numberedId, sampleVm } from './samples.contract.ts';

const rule = { cidr: '198.51.100.0/24', protocol: 'tcp', ports: '443' } as const;
const stamps = { createdAt: 1, updatedAt: 2, revision: 1 };

/** The n-th network. */
export function sampleNetwork(number: number, change: Partial<Network> = {}): Network {
  const id: NetworkId = numberedId('net', number);
  const cidr = `10.${number}.0.0/24`;
  const egress = { policy: 'allowlist', allow: [rule] } as const;
  const subnets = [{ name: 'front', cidr: `10.${number}.0.0/26` }];
  return {
    id,
    name: `net-${number}`,
    owner: 'ann',
    cidr,
    subnets,
    egress,
    dns: null,
    labels: { tier: 'front' },
    nextAddress: 10,
    ...stamps,
    ...change,
  };
}

/** The n-th security group. */
export function sampleGroup(number: number, change: Partial<SecurityGroup> = {}): SecurityGroup {
  const id: SecurityGroupId = numberedId('sg', number);
  return {
    id,
    name: `group-${number}`,
    owner: 'ann',
    description: '',
    labels: { tier: 'front' },
    ingress: [rule],
    egress: null,
    ...stamps,
    ...change,
  };
}

/** What is asked of the tables of networks, leases and security groups. */
export function networkTablesContract(make: MakeStore): void {
  describe('networks', () => {
    it(
      'are read as they were written, found by name, and changed and removed by one of those who read the same revision',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();
        await store.networks.insert(sampleNetwork(1));
        expect(await store.networks.get(numberedId('net', 1))).toEqual(sampleNetwork(1));
        await expect(store.networks.insert(sampleNetwork(2, { name: 'net-1' }))).rejects.toEqual(
          refusal('already_exists', 'network.name_taken'),
        );

        const { kept, refusals } = await outcomes(
          [store, other].map((each, i) => each.networks.update(sampleNetwork(1, { dns: `9.9.9.${i}`, revision: 2 }))),
        );

        expect(kept).toBe(1);
        expect(refusals).toEqual([refusal('conflict', 'store.revision')]);
        await expect(store.networks.delete(numberedId('net', 1), 1)).rejects.toEqual(
          refusal('conflict', 'store.revision'),
        );
        await store.networks.delete(numberedId('net', 1), 2);
        expect(await store.networks.getByName('net-1')).toBeNull();
      }),
    );

    it(
      'are listed page by page, of all or of one owner with the one that everybody may use',
      withStore(make, async ({ networks }) => {
        for (const number of [3, 1, 2])
          await networks.insert(sampleNetwork(number, { owner: number === 2 ? 'bob' : 'ann' }));
        await networks.insert(sampleNetwork(4, { name: 'default', owner: 'admin' }));
        const namesOf = async (of: { readonly owner?: string }): Promise<readonly string[]> =>
          (await walkPages<Network>((after) => networks.list({ limit: 2, after, ...of }))).map(({ name }) => name);

        expect(await namesOf({})).toEqual(['net-1', 'net-2', 'net-3', 'default']);
        expect(await namesOf({ owner: 'bob' })).toEqual(['net-2', 'default']);
      }),
    );
  });

  describe('leases', () => {
    it(
      'are given to one VM each, as long as that is kept',
      withStore(make, async ({ networks, leases, vms }) => {
        await networks.insert(sampleNetwork(1));
        const network = networkOf({ name: 'net-1', securityGroups: ['web'] });
        const spec = { ...sampleVm(1).spec, network };
        for (const number of [1, 2]) await vms.insert(sampleVm(number, { spec }));
        const networkId = numberedId('net', 1);
        const lease = (number: number, address: number) => ({ networkId, address, vmId: numberedId('vm', number) });

        await leases.insert(lease(1, 20));

        await expect(leases.insert(lease(2, 20))).rejects.toMatchObject({ code: 'conflict' });
        await expect(leases.insert(lease(1, 21))).rejects.toMatchObject({ code: 'conflict' });
        expect((await networks.get(networkId))?.nextAddress).toBe(21);
        expect(await leases.ofVm(numberedId('vm', 1))).toEqual(lease(1, 20));
        expect(await leases.list({ limit: 9, after: null })).toEqual([
          { ...lease(1, 20), name: 'vm-1', owner: sampleVm(1).owner, network },
        ]);
        await expect(networks.delete(networkId, 1)).rejects.toMatchObject({ code: 'conflict' });

        await vms.delete(numberedId('vm', 1), 1);

        expect(await leases.ofVm(numberedId('vm', 1))).toBeNull();
        await leases.insert(lease(2, 20));
        expect(await leases.takenFrom(networkId, 20, 9)).toEqual([20]);
        expect(await leases.takenFrom(networkId, 21, 9)).toEqual([]);
        expect(await leases.countIn(networkId, { first: 20, last: 30 })).toBe(1);
        expect(await leases.countIn(networkId, { first: 21, last: 30 })).toBe(0);
      }),
    );
  });

  describe('security groups', () => {
    it(
      'are read as they were written, found by name, counted, and changed and removed by their revision',
      withStore(make, async ({ securityGroups }) => {
        await securityGroups.insert(sampleGroup(1));
        await securityGroups.insert(sampleGroup(2, { owner: 'bob', egress: [rule] }));
        await expect(securityGroups.insert(sampleGroup(3, { name: 'group-1' }))).rejects.toEqual(
          refusal('already_exists', 'security_group.name_taken'),
        );
        expect(await securityGroups.getByName('group-2')).toEqual(sampleGroup(2, { owner: 'bob', egress: [rule] }));

        await securityGroups.update(sampleGroup(1, { egress: [], revision: 2 }));

        expect(await securityGroups.get(numberedId('sg', 1))).toEqual(sampleGroup(1, { egress: [], revision: 2 }));
        expect((await securityGroups.list({ limit: 9, after: null, owner: 'bob' })).map(({ name }) => name)).toEqual([
          'group-2',
        ]);
        expect(await securityGroups.count()).toBe(2);
        await expect(securityGroups.delete(numberedId('sg', 1), 1)).rejects.toEqual(
          refusal('conflict', 'store.revision'),
        );
        await securityGroups.delete(numberedId('sg', 1), 2);
        expect(await securityGroups.count()).toBe(1);
      }),
    );
  });
}
