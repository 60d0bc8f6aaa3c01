import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { formatAddress } from '../../domain/network/cidr.ts';
import type { NetworkPlan } from '../../ports/networks.ts';
import { runOnHost } from './host-commands.ts';
import {
  createNetworkWorld,
  INTERNET,
  type NetworkWorld,
  plannedGuest,
  plannedNetwork,
} from './network-world.fixture.ts';
import { whyNoBridges } from './why-no-bridges.ts';

const whyNot = whyNoBridges();
const blue = plannedNetwork(1);
const green = plannedNetwork(2);
const [a, b, c] = [2, 3, 4].map((number) => plannedGuest(blue, number));
const other = plannedGuest(green, 2);
const foreign = plannedGuest(blue, 5, { party: 'bob' });
const thief = plannedGuest(blue, 6);
if (a === undefined || b === undefined || c === undefined) throw new Error('there are three');
const all: NetworkPlan = { networks: [blue, green], guests: [a, b, c, other, foreign, thief], groups: [] };
const [aIp, bIp] = [a, b].map(({ address }) => formatAddress(address));
if (aIp === undefined || bIp === undefined) throw new Error('there are two');

describe('the networks of a host', { timeout: 120_000 }, () => {
  let world: NetworkWorld;
  const needsRoot = (context: TestContext): void => {
    if (whyNot !== null) context.skip(whyNot);
  };

  beforeAll(async () => {
    if (whyNot !== null) return;
    world = await createNetworkWorld();
    await world.apply(all);
    for (const guest of [a, b, other, foreign]) await world.plugIn(guest);
    // It says that it is somebody else.
    await world.plugIn(thief, { as: c.address });
  }, 120_000);
  afterAll(async () => {
    if (whyNot === null) await world[Symbol.asyncDispose]();
  });

  it('join those of one network and party, and nobody else', async (context) => {
    needsRoot(context);
    await world.apply(all);

    expect([await world.reaches(a, bIp), await world.reaches(b, aIp)]).toEqual([true, true]);
    expect(await world.reaches(other, aIp)).toBe(false);
    expect(await world.reaches(foreign, aIp)).toBe(false);
    expect(await world.reaches(a, formatAddress(foreign.address))).toBe(false);
    expect(await world.reaches(thief, aIp)).toBe(false);
  });

  it('let out to the internet, and never to the host, private networks or the other end of the way out', async (context) => {
    needsRoot(context);
    await world.apply(all);

    expect(await world.reaches(a, INTERNET.first)).toBe(true);
    expect(await world.reaches(a, INTERNET.private)).toBe(false);
    expect(await world.reaches(a, INTERNET.host)).toBe(false);
    expect(await world.reaches(a, world.names.outsideAddress)).toBe(false);
    expect(await world.reaches(a, world.names.insideAddress)).toBe(false);
    expect(await world.reaches(a, '10.80.1.1')).toBe(false);
  });

  it('let out to nothing that the host leads on to elsewhere, such as a published container', async (context) => {
    needsRoot(context);
    await world.apply(all);
    const publish = [
      'add table ip other',
      'add chain ip other published { type nat hook prerouting priority -100; }',
      `add rule ip other published tcp dport 8080 dnat to ${INTERNET.private}`,
    ];
    const onHost = ['nsenter', `--net=/run/netns/${world.internet}`, 'nft'];
    await world.run(...onHost, publish.join('; '));

    const isReached = await world.reaches(a, INTERNET.host, 8080);
    await world.run(...onHost, 'delete table ip other');

    expect(isReached).toBe(false);
  });

  it('find the rules of the way out again when somebody has emptied the rules of the host', async (context) => {
    needsRoot(context);
    await world.apply(all);
    await world.run('nsenter', `--net=/run/netns/${world.internet}`, 'nft', 'flush', 'ruleset');

    await world.apply(all);

    expect(await world.reaches(a, INTERNET.first)).toBe(true);
    expect(await world.reaches(a, INTERNET.host)).toBe(false);
  });

  it('let out what is listed alone, of the network and of the guest, and nothing where that is said', async (context) => {
    needsRoot(context);
    const rule = { cidr: `${INTERNET.first}/32`, protocol: 'tcp', ports: '400-500' } as const;
    const listed = { policy: 'allowlist', allow: [rule] } as const;
    const none = { policy: 'deny', allow: [] } as const;
    const open = [blue, { ...green, egress: none }];
    await world.apply({ ...all, networks: open, guests: [{ ...a, egress: listed }, { ...b, egress: none }, other] });

    expect(await world.reaches(a, INTERNET.first, 443)).toBe(true);
    expect(await world.reaches(a, INTERNET.first, 80)).toBe(false);
    expect(await world.reaches(a, INTERNET.second, 443)).toBe(false);
    expect(await world.reaches(b, INTERNET.first, 443)).toBe(false);
    expect(await world.reaches(other, INTERNET.first, 443)).toBe(false);

    await world.apply({ ...all, networks: [{ ...blue, egress: listed }, green], guests: [a, b, other] });

    expect(await world.reaches(b, INTERNET.first, 443)).toBe(true);
    expect(await world.reaches(b, INTERNET.second, 443)).toBe(false);
    expect(await world.reaches(other, INTERNET.second, 443)).toBe(true);
  });

  it('end what is open when an address has become that of somebody else', async (context) => {
    needsRoot(context);
    await world.apply(all);
    await using listening = await world.talk(b, { port: 9_000 });
    await using asking = await world.talk(a, { port: 9_001 });
    asking.send(bIp, 9_000, 'question');
    expect(await listening.next()).toBe('question');
    listening.send(aIp, 9_001, 'answer');
    expect(await asking.next()).toBe('answer');

    await world.apply({ ...all, guests: all.guests.map((guest) => (guest === b ? { ...b, party: 'bob' } : guest)) });
    listening.send(aIp, 9_001, 'too late');
    listening.send('127.0.0.1', 9_000, 'sent');
    expect(await listening.next()).toBe('sent');
    await world.apply(all);
    listening.send(aIp, 9_001, 'in time');

    expect(await asking.next()).toBe('in time');
  });

  it('carry no datagram to the host or a metadata service, none to all, and none from somebody else', async (context) => {
    needsRoot(context);
    await world.apply(all);
    const onHost = ['ip', '-n', world.internet, 'address'];
    await world.run(...onHost, 'add', '169.254.169.254/32', 'dev', 'lo');
    for (const port of [53, 67]) {
      await using host = await world.talkOnHost(port);
      await using neighbour = await world.talk(b, { port });
      await using foreigner = await world.talk(foreign, { port });
      await using sender = await world.talk(a, { port: 68 });
      await using spoofing = await world.talk(thief, { port: 68 });
      const everywhere = ['10.80.1.1', INTERNET.host, '169.254.169.254', world.names.outsideAddress];
      for (const address of [...everywhere, world.names.insideAddress, '255.255.255.255', '10.80.1.255', '224.0.0.1'])
        for (const from of [sender, spoofing]) from.send(address, port, 'from a guest');
      spoofing.send(bIp, port, 'from somebody else');
      sender.send(bIp, port, 'from a neighbour');

      // What was sent before it would have come before it.
      expect(await neighbour.next()).toBe('from a neighbour');
      for (const deaf of [host, foreigner]) {
        deaf.send('127.0.0.1', port, 'from itself');
        expect(await deaf.next()).toBe('from itself');
      }
    }
    await world.run(...onHost, 'delete', '169.254.169.254/32', 'dev', 'lo');
  });

  it('put guests under the rules of their groups, and others from one moment to the next', async (context) => {
    needsRoot(context);
    const web = { name: 'web', ingress: [{ cidr: '10.80.1.0/24', protocol: 'tcp', ports: '80' }], egress: [] } as const;
    const under = [a, { ...b, groups: ['web'] }];
    await world.apply({ ...all, guests: under, groups: [web] });

    expect(await world.reaches(a, bIp, 80)).toBe(true);
    expect(await world.reaches(a, bIp, 81)).toBe(false);
    expect(await world.reaches(b, aIp, 80)).toBe(false);
    expect(await world.reaches(b, INTERNET.first)).toBe(false);

    await world.apply({ ...all, guests: under, groups: [{ ...web, ingress: [], egress: null }] });

    expect(await world.reaches(a, bIp, 80)).toBe(false);
    expect(await world.reaches(b, aIp, 80)).toBe(true);
  });

  // What it has had is counted for a while after: nobody gets out of it in a test that follows.
  it('keep so many connections of one guest and no more, over changes of others too, and those of others are as before', async (context) => {
    needsRoot(context);
    await world.apply(all);
    const before = await world.connections();

    await world.flood(a, bIp, 20_000);
    await world.apply({ ...all, guests: all.guests.filter((guest) => guest !== foreign) });
    await world.apply(all);
    await world.flood(a, INTERNET.first, 5_000);

    const count = (await world.connections()) - before;
    expect(count).toBeGreaterThan(16_000);
    expect(count).toBeLessThan(16_384 + 100);
    expect(await world.reaches(a, INTERNET.second)).toBe(false);
    expect(await world.reaches(b, INTERNET.first)).toBe(true);
  });
});

describe('the connections of guests', { timeout: 120_000 }, () => {
  it('end with the guest that has begun them, and no others; its address begins at nothing', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using world = await createNetworkWorld();
    const two = { ...all, guests: [a, b] };
    await world.apply(two);
    for (const guest of two.guests) await world.plugIn(guest);
    const before = await world.connections();
    await world.flood(a, bIp, 600);
    await world.flood(a, INTERNET.first, 400);
    await world.flood(b, INTERNET.second, 300);
    expect((await world.connections()) - before).toBeGreaterThanOrEqual(1_300);

    await world.apply({ ...all, guests: [b] });

    const left = (await world.connections()) - before;
    expect(left).toBeGreaterThanOrEqual(300);
    expect(left).toBeLessThan(350);

    // At the same address at the same moment.
    await world.apply({ ...all, guests: [{ ...a, vmId: c.vmId }] });
    expect((await world.connections()) - before).toBeLessThan(50);
  });

  it('are no more than have room together, however many guests there come to be, and how few are left', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using world = await createNetworkWorld({ connectionRoom: 4_096 });
    const guests = [2, 3, 4].map((number) => plannedGuest(blue, number));
    const counts: number[] = [];
    let plugged = 0;
    let before = 0;
    for (const many of [1, 2, 3, 2, 1]) {
      const there = guests.slice(0, many);
      await world.apply({ networks: [blue], guests: there, groups: [] });
      for (const guest of there.slice(plugged)) await world.plugIn(guest);
      if (plugged === 0) before = await world.connections();
      plugged = Math.max(plugged, many);
      for (const guest of there) await world.flood(guest, INTERNET.first, 2_200);
      counts.push((await world.connections()) - before);
    }

    // Half of the room, of which each has the same: three quarters of that where there are three. Nobody had so few that they stay over a change.
    for (const count of counts) expect(count).toBeLessThan(2_048 + 50);
    expect(counts.map((count) => Math.floor((count + 50) / 512))).toEqual([4, 4, 3, 4, 4]);
  });

  it('stay with a guest that has few when the share changes', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using world = await createNetworkWorld({ connectionRoom: 4_096 });
    const guests = [2, 3, 4].map((number) => plannedGuest(blue, number));
    const [quiet, loud] = guests;
    if (quiet === undefined || loud === undefined) throw new Error('there are three');
    await world.apply({ networks: [blue], guests: [quiet, loud], groups: [] });
    for (const guest of [quiet, loud]) await world.plugIn(guest);
    const before = await world.connections();
    await world.flood(quiet, INTERNET.first, 60);
    await world.flood(loud, INTERNET.first, 700);

    await world.apply({ networks: [blue], guests, groups: [] });

    const left = (await world.connections()) - before;
    expect(left).toBeGreaterThanOrEqual(60);
    expect(left).toBeLessThan(60 + 50);
  });

  it('end with the guest that has begun them, also when it goes while no server runs, and stay otherwise', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using world = await createNetworkWorld();
    const two = { ...all, guests: [a, b] };
    await world.apply(two);
    for (const guest of two.guests) await world.plugIn(guest);
    const before = await world.connections();
    await world.flood(a, INTERNET.first, 400);
    await world.flood(b, INTERNET.second, 300);

    await world.create().apply(two, { signal: world.signal });
    expect((await world.connections()) - before).toBeGreaterThanOrEqual(700);
    await world.create().apply({ ...all, guests: [b, { ...a, vmId: c.vmId }] }, { signal: world.signal });

    const left = (await world.connections()) - before;
    expect(left).toBeGreaterThanOrEqual(300);
    expect(left).toBeLessThan(350);
  });

  it('are not kept in mind for days when nobody says anything any more', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using world = await createNetworkWorld();
    await world.apply(all);

    expect(await world.connectionSetting('tcp_timeout_established')).toBe(7_440);
  });
});

describe('what networks leave on a host', { timeout: 120_000 }, () => {
  it('is nothing, when nobody is on them, whoever died before', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using world = await createNetworkWorld();
    const { names, internet, run } = world;
    const [namespaces, links, tables] = [
      () => run('ip', 'netns', 'list'),
      () => run('ip', '-n', internet, '-brief', 'link', 'show'),
      () => run('nsenter', `--net=/run/netns/${internet}`, 'nft', 'list', 'tables'),
    ];
    await world.apply(all);
    expect(
      [await namespaces(), await links(), await tables()].map((text) => text.includes(names.namespace.slice(7))),
    ).toEqual([true, true, true]);

    // What nobody asked for any more, what is half made, and a server that knows nothing of it.
    await run('ip', '-n', names.namespace, 'link', 'add', 'name', 'vt000000000000', 'type', 'bridge');
    await run('ip', '-n', names.namespace, 'link', 'set', 'dev', 'vb000000000001', 'down');
    const next = world.create();
    await next.apply(all, { signal: world.signal });
    const mended = await run('ip', '-n', names.namespace, '-brief', 'link', 'show');
    expect(mended).not.toContain('vt000000000000');
    expect(mended.split('\n').filter((line) => /^v[bt]/.test(line))).toHaveLength(8);
    expect(mended).not.toMatch(/vb000000000001 +DOWN +00/);

    await world.create().apply({ networks: [blue], guests: [], groups: [] }, { signal: world.signal });
    expect(
      [await namespaces(), await links(), await tables()].map((text) => text.includes(names.namespace.slice(7))),
    ).toEqual([false, false, false]);
  });

  it('stays where a program of the host fails, since guests are in it, and is found by the next who tries', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using world = await createNetworkWorld();
    await world.apply(all);
    const namespacePath = `/run/netns/${world.names.namespace}`;
    const before = statSync(namespacePath).ino;
    const programs = mkdtempSync(join(tmpdir(), 'volary-test-programs-'));
    const path = process.env['PATH'];
    try {
      const failing = `#!/bin/sh\ncase "$*" in *"link show"*) exit 2;; esac\nPATH='${path}' exec ip "$@"\n`;
      writeFileSync(join(programs, 'ip'), failing, { mode: 0o755 });
      process.env['PATH'] = `${programs}:${path}`;

      const failed = world.create().apply(all, { signal: world.signal });
      await expect(failed).rejects.toMatchObject({ code: 'unavailable', reason: 'network.host_failed' });
    } finally {
      process.env['PATH'] = path;
      rmSync(programs, { recursive: true });
    }

    expect(statSync(namespacePath).ino).toBe(before);
    await world.create().apply(all, { signal: world.signal });
    expect(statSync(namespacePath).ino).toBe(before);
  });

  it('is made where whoever made it last died before it was a namespace', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using world = await createNetworkWorld();
    const namespacePath = `/run/netns/${world.names.namespace}`;
    writeFileSync(namespacePath, '');

    await world.apply(all);

    expect(await world.run('ip', '-n', world.names.namespace, '-brief', 'link', 'show')).toContain('vb');
  });

  it('comes and goes within 5 s, be it 100 interfaces with rules of their own', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using world = await createNetworkWorld();
    const rule = { cidr: '198.51.100.0/24', protocol: 'tcp', ports: '443' } as const;
    const egress = { policy: 'allowlist', allow: [rule] } as const;
    const guests = Array.from({ length: 100 }, (_, n) => plannedGuest(blue, n + 2, { groups: ['web'], egress }));
    const groups = [{ name: 'web', ingress: [rule], egress: [rule] }];
    const timed = async (plan: NetworkPlan): Promise<number> => {
      const before = performance.now();
      await world.apply(plan);
      return performance.now() - before;
    };

    expect(await timed({ networks: [blue], guests, groups })).toBeLessThan(5_000);
    expect(await timed({ networks: [blue], guests: [], groups })).toBeLessThan(5_000);
  });

  it("is refused with the host's words for the log, and none for the caller", async () => {
    const failing = runOnHost(['sh', '-c', 'echo no >&2; exit 3'], { signal: AbortSignal.timeout(10_000) });

    await expect(failing).rejects.toMatchObject({
      reason: 'network.host_failed',
      context: { stderr: 'no\n', exitCode: 3 },
    });
  });
});
