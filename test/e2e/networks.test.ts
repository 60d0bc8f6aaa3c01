import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import {
  createNetworkWorld,
  INTERNET,
  type NetworkWorld,
} from '../../packages/server/src/adapters/networks/network-world.fixture.ts';
import { whyNoBridges } from '../../packages/server/src/adapters/networks/why-no-bridges.ts';
import { createInstallation, type Installation } from './installation.ts';

/* Networks with the whole program and real guests. The way out leads to an internet that the test plays, in namespaces of its own. */

const whyNot = whyNoBridges();
const needsRoot = (context: TestContext): void => {
  if (whyNot !== null) context.skip(whyNot);
};
const SIZE = ['--memory', '128', '--disk', '1'];

let world: NetworkWorld;
let here: Installation;
beforeAll(async () => {
  if (whyNot !== null) return;
  world = await createNetworkWorld();
  here = createInstallation('qemu', {
    ...{ VOLARY_DOCKER_SOCKET: 'off', VOLARY_WARM_TEMPLATES: 'off' },
    VOLARY_NETWORK_UPLINK: `/run/netns/${world.internet}`,
  });
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['network', 'create', 'blue', '--cidr', '10.81.0.0/24', '--egress', 'allow']);
  await here.must(['network', 'create', 'green', '--cidr', '10.82.0.0/24']);
  for (const [name, network] of [
    ['one', 'blue'],
    ['two', 'blue'],
    ['far', 'green'],
  ] as const)
    await here.must(['create', name, '--network', network, ...SIZE]);
});
afterAll(async () => {
  if (whyNot !== null) return;
  await here.remove();
  await world[Symbol.asyncDispose]();
});

const addressOf = async (name: string): Promise<string> =>
  String(JSON.parse(await here.must(['get', name, '--json'])).ip);

/** Whether somebody answers there, be it that there is no such port: the packets have passed both ways. */
async function reaches(name: string, address: string, port = 443): Promise<boolean> {
  const connect = `timeout 3 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>&1 || true`;
  return /refused/.test(await here.must(['exec', name, '--', 'sh', '-c', connect]));
}

describe('VMs on networks', { timeout: 300_000 }, () => {
  it('reach each other on one, and nobody on another', async (context) => {
    needsRoot(context);
    const [one, two, far] = await Promise.all(['one', 'two', 'far'].map(addressOf));

    expect([await reaches('one', String(two)), await reaches('two', String(one))]).toEqual([true, true]);
    expect([await reaches('one', String(far)), await reaches('far', String(one))]).toEqual([false, false]);
  });

  it('get out where that is allowed, to what is listed alone, or nowhere, from one moment to the next', async (context) => {
    needsRoot(context);
    expect([await reaches('one', INTERNET.first), await reaches('one', INTERNET.second)]).toEqual([true, true]);
    expect([await reaches('far', INTERNET.first), await reaches('one', INTERNET.host)]).toEqual([false, false]);

    await here.must(['network', 'update', 'blue', '--egress', 'allowlist', '--allow', `tcp:${INTERNET.first}/32:443`]);
    await expect.poll(() => reaches('one', INTERNET.second), { timeout: 30_000 }).toBe(false);
    expect([await reaches('one', INTERNET.first), await reaches('one', INTERNET.first, 80)]).toEqual([true, false]);

    await here.must(['update', 'one', '--egress', 'deny']);
    await expect.poll(() => reaches('one', INTERNET.first), { timeout: 30_000 }).toBe(false);
    expect([await reaches('two', INTERNET.first), await reaches('two', await addressOf('one'))]).toEqual([true, true]);
  });

  it('leave nothing on the host when they are gone', async (context) => {
    needsRoot(context);
    const ours = async (): Promise<readonly string[]> =>
      (await world.run('ip', 'netns', 'list')).split('\n').filter((line) => /^volary-[0-9a-f]{10}\b/.test(line));
    const before = await ours();
    expect(before.length).toBeGreaterThan(0);

    await here.must(['rm', '--force', 'one', 'two', 'far']);

    await expect.poll(async () => (await ours()).length, { timeout: 30_000 }).toBe(before.length - 1);
    const outside = await world.run('nsenter', `--net=/run/netns/${world.internet}`, 'nft', 'list', 'tables');
    expect(outside).not.toContain('volary_');
  });
});
