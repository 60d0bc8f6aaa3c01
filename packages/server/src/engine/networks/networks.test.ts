import { describe, expect, it } from 'vitest';
import { networkOf } from '../../domain/network/vm-network.ts';
import { ADMIN, createInstallation, type TestServer } from '../installation.test-kit.ts';
import { finish, request } from '../vm-life.test-kit.ts';

const OPEN = { policy: 'deny', allow: [] } as const;
const SMALL = { name: 'small', cidr: '10.80.0.0/29', subnets: [], egress: OPEN, dns: null, labels: {} } as const;

async function create({ engine }: TestServer, name: string, asked: Parameters<typeof networkOf>[0]) {
  const network = networkOf(asked);
  return (await engine.vms.create(ADMIN, { ...request(name), spec: { network } }, {})).vm;
}

describe('networks', () => {
  it('give each VM an address before it is answered, none twice, and say the figures when there are no more', async () => {
    await using installation = createInstallation();
    const server = await installation.start();
    await server.engine.networks.create(ADMIN, SMALL);

    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(names.map((name) => create(server, name, { name: 'small' })));

    const vms = await Promise.all(names.map((name) => server.engine.vms.get(ADMIN, name)));
    expect(vms.map(({ ip }) => ip).sort()).toEqual([2, 3, 4, 5, 6].map((last) => `10.80.0.${last}`));
    await expect(create(server, 'f', { name: 'small' })).rejects.toMatchObject({
      code: 'resource_exhausted',
      reason: 'network.no_address',
      details: { total: 5, first: '10.80.0.2', last: '10.80.0.6' },
    });
    expect(await server.engine.networks.get(ADMIN, 'small')).toMatchObject({ total: 5, used: 5 });
    await expect(server.engine.vms.get(ADMIN, 'f')).rejects.toMatchObject({ reason: 'vm.unknown' });
  });

  it('get an address back with the VM, and are deleted when nobody is on them', async () => {
    await using installation = createInstallation();
    const server = await installation.start();
    await server.engine.networks.create(ADMIN, SMALL);
    await create(server, 'a', { name: 'small' });
    await expect(server.engine.networks.delete(ADMIN, 'small')).rejects.toMatchObject({
      reason: 'network.in_use',
      details: { vms: ['a'] },
    });

    const { operation } = await server.engine.vms.delete(ADMIN, 'a', {});
    await finish(server, operation);

    expect(await server.engine.networks.get(ADMIN, 'small')).toMatchObject({ used: 0 });
    await server.engine.networks.delete(ADMIN, 'small');
    await expect(server.engine.networks.delete(ADMIN, 'default')).rejects.toMatchObject({ reason: 'network.built_in' });
  });

  it('have no address in common with another', async () => {
    await using installation = createInstallation();
    const { engine } = await installation.start();

    const second = engine.networks.create(ADMIN, { ...SMALL, cidr: '10.66.9.0/24' });

    await expect(second).rejects.toMatchObject({ reason: 'network.overlaps', details: { other: '10.66.0.0/16' } });
  });

  it('give addresses of the subnet that is asked for', async () => {
    await using installation = createInstallation();
    const server = await installation.start();
    await server.engine.networks.create(ADMIN, { ...SMALL, subnets: [{ name: 'end', cidr: '10.80.0.4/30' }] });

    const made = await create(server, 'a', { name: 'small', subnet: 'end' });

    expect((await server.engine.vms.get(ADMIN, made.id)).ip).toBe('10.80.0.4');
    await expect(create(server, 'b', { name: 'small', subnet: 'other' })).rejects.toMatchObject({
      reason: 'network.unknown_subnet',
    });
  });

  it('are left as they are by VMs that are changed, which stay on them', async () => {
    await using installation = createInstallation();
    const { engine } = await installation.start();
    await engine.securityGroups.create(ADMIN, { name: 'web', description: '', labels: {}, ingress: [], egress: null });
    await engine.vms.create(ADMIN, { ...request('a'), spec: { network: networkOf({ name: 'default' }) } }, {});
    const update = (network: Parameters<typeof networkOf>[0]) =>
      engine.vms.update(ADMIN, 'a', { spec: { network } }, {});

    const { vm } = await update({ egress: 'deny', securityGroups: ['web'] });

    expect(vm.spec.network).toMatchObject({ name: 'default', egress: 'deny', securityGroups: ['web'] });
    await expect(update({ name: 'other' })).rejects.toMatchObject({ reason: 'vm.network_fixed' });
    await expect(update({ securityGroups: ['none'] })).rejects.toMatchObject({ reason: 'security_group.unknown' });
    await expect(engine.securityGroups.delete(ADMIN, 'web')).rejects.toMatchObject({ reason: 'security_group.in_use' });
  });
});
