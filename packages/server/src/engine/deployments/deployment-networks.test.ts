import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AskedNetwork, networkOf } from '../../domain/network/vm-network.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { finish } from '../vm-life.test-kit.ts';

/* The networks that replicas are on: whose they are, and what becomes of replicas when they are gone. */

const ANN = principalWith('ann', '*@own');
const BOB = principalWith('bob', '*@own');
const BLUE = {
  ...{ name: 'blue', cidr: '10.80.0.0/29', subnets: [], dns: null, labels: {} },
  egress: { policy: 'deny', allow: [] },
} as const;
const WEB = { name: 'web', description: '', labels: {}, ingress: [], egress: null } as const;

let installation: Installation;
let server: TestServer;

beforeEach(async () => {
  installation = createInstallation({ settings: { sweepMs: 200, memoryReserveMib: 0 } });
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

const deploy = (principal: Principal, network: AskedNetwork, replicas = 1) =>
  server.engine.deployments.create(principal, {
    ...{ name: 'site', description: '', labels: {}, replicas, strategy: {}, autoscaling: null },
    vm: {
      spec: { memoryMib: 128, diskGib: 1, network: networkOf(network) },
      ...{ labels: {}, metadata: {}, warmStart: 'never' },
    },
  });

const scale = (principal: Principal, replicas: number) =>
  server.engine.deployments.update(principal, 'site', { replicas });

const soon = () => ({ timeoutMs: 15_000, signal: AbortSignal.timeout(60_000) });

async function conditionOf(principal: Principal): Promise<string | undefined> {
  const { status } = await server.engine.deployments.get(principal, 'site');
  return status.conditions.find(({ type }) => type === 'replica_failure')?.reason;
}

it("are nobody else's", async () => {
  await server.engine.networks.create(ANN, BLUE);
  await server.engine.securityGroups.create(ANN, WEB);

  await expect(deploy(BOB, { name: 'blue' })).rejects.toMatchObject({ reason: 'network.unknown' });
  await expect(deploy(BOB, { name: 'default', securityGroups: ['web'] })).rejects.toMatchObject({
    reason: 'security_group.unknown',
  });

  await deploy(BOB, { name: 'default' }, 0);
  const vm = { spec: { network: networkOf({ name: 'blue' }) } };
  await expect(server.engine.deployments.update(BOB, 'site', { vm })).rejects.toMatchObject({
    reason: 'network.unknown',
  });
  expect(await server.engine.networks.get(ANN, 'blue')).toMatchObject({ used: 0 });
});

it('are there, with the subnet that is asked for, or there is no deployment', async () => {
  await server.engine.networks.create(ANN, BLUE);

  await expect(deploy(ANN, { name: 'green' })).rejects.toMatchObject({ reason: 'network.unknown' });
  await expect(deploy(ANN, { name: 'blue', subnet: 'front' })).rejects.toMatchObject({
    reason: 'network.unknown_subnet',
  });
});

it('are not those of somebody else who has taken the name since', async () => {
  await server.engine.networks.create(ANN, BLUE);
  await deploy(ANN, { name: 'blue' });
  await server.engine.deployments.wait(ANN, 'site', 'running', soon());
  await scale(ANN, 0);
  await server.engine.deployments.wait(ANN, 'site', 'running', soon());
  await server.engine.networks.delete(ANN, 'blue');
  await server.engine.networks.create(BOB, BLUE);

  await scale(ANN, 2);

  await expect.poll(() => conditionOf(ANN), { timeout: 15_000 }).toBe('network.unknown');
  expect(await server.engine.networks.get(BOB, 'blue')).toMatchObject({ used: 0 });
});

it('say why there are no replicas when a subnet of theirs is gone', async () => {
  await server.engine.networks.create(ANN, { ...BLUE, subnets: [{ name: 'front', cidr: '10.80.0.0/29' }] });
  await deploy(ANN, { name: 'blue', subnet: 'front' }, 0);
  await server.engine.networks.delete(ANN, 'blue');
  await server.engine.networks.create(ANN, BLUE);

  await scale(ANN, 1);

  await expect.poll(() => conditionOf(ANN), { timeout: 15_000 }).toBe('network.unknown_subnet');
});

it('may be those of others where whoever deploys has to do with all', async () => {
  await server.engine.networks.create(ANN, BLUE);
  await deploy(ADMIN, { name: 'blue' });

  await server.engine.deployments.wait(ADMIN, 'site', 'running', soon());

  expect((await server.engine.vms.get(ADMIN, 'site-1')).ip).toBe('10.80.0.2');
  await server.engine.deployments.delete(ADMIN, 'site');
  await server.engine.deployments.wait(ADMIN, 'site', 'absent', soon());
  const { operation } = await server.engine.vms.create(
    ANN,
    {
      ...{ name: 'own', labels: {}, metadata: {}, start: false, warmStart: 'never' },
      spec: { network: networkOf({ name: 'blue' }) },
    },
    {},
  );
  expect((await finish(server, operation)).state).toBe('succeeded');
});

it('say that they have no more addresses, for as long as more are wanted', async () => {
  await server.engine.networks.create(ANN, BLUE);
  await deploy(ANN, { name: 'blue' }, 5);
  await server.engine.deployments.wait(ANN, 'site', 'running', soon());
  await scale(ANN, 7);
  await expect.poll(() => conditionOf(ANN), { timeout: 15_000 }).toBe('network.no_address');

  await scale(ANN, 5);

  const { status } = (await server.engine.deployments.wait(ANN, 'site', 'running', soon())) ?? {};
  expect(status?.available).toBe(5);
  expect(await conditionOf(ANN)).toBe('none');
});
