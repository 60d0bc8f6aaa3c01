import { routes } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

const RULE = { cidr: '198.51.100.0/24', protocol: 'tcp', ports: '443' } as const;

let server: RunningServer;
let client: VolaryClient;

beforeEach(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

describe('rules that two change at once', () => {
  it('of a network are those of the first, if the second says what it has seen', async () => {
    const made = await send(server.url, routes.createNetwork, { body: { name: 'blue', cidr: '10.80.0.0/24' } });
    const seen = await client.networks.get('blue');
    const first = await client.networks.update('blue', { egress: 'deny' }, { ifUnchangedSince: seen });
    // Addresses that VMs are given are no change of it.
    await client.vms.create({ name: 'a', start: false, network: { name: 'blue' } });

    const second = client.networks.update('blue', { allow: [RULE] }, { ifUnchangedSince: seen });

    await expect(second).rejects.toMatchObject({ status: 412, reason: 'network.changed' });
    await expect(client.networks.delete('blue', { ifUnchangedSince: seen })).rejects.toMatchObject({
      reason: 'network.changed',
    });
    const now = await send(server.url, routes.getNetwork, { params: { ref: 'blue' } });
    expect(now.headers.get('etag')).not.toBe(made.headers.get('etag'));
    expect(now.headers.get('etag')).toBe(`"${first.id}.${Date.parse(first.updated_at)}"`);
    expect(await client.networks.update('blue', { allow: [RULE] }, { ifUnchangedSince: first })).toMatchObject({
      egress: 'allowlist',
    });
  });

  it('of a security group likewise', async () => {
    const seen = await client.securityGroups.create({ name: 'web' });
    const [first, second] = await Promise.allSettled(
      [[], [RULE]].map((ingress) => client.securityGroups.update('web', { ingress }, { ifUnchangedSince: seen })),
    );

    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toMatchObject({ status: 'rejected', reason: { reason: 'security_group.changed' } });
    const now = await client.securityGroups.get('web');
    expect(now).toMatchObject({ ingress: [] });
    await expect(client.securityGroups.delete('web', { ifUnchangedSince: seen })).rejects.toMatchObject({
      reason: 'security_group.changed',
    });
    await client.securityGroups.delete('web', { ifUnchangedSince: now });
  });
});
