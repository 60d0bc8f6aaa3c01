/** Networks that a test has to itself: the namespace of an installation, one that plays the internet, and one for each guest. No packet leaves them. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { NetworkId, VmId } from '../../domain/ids.ts';
import { idFromUuid } from '../../domain/ids.ts';
import { bridgeOf } from '../../domain/network/bridge.ts';
import { formatAddress } from '../../domain/network/cidr.ts';
import { macOfAddress } from '../../domain/network/mac.ts';
import type { NetworkPlan, PlannedGuest, PlannedNetwork } from '../../ports/networks.ts';
import { runOnHost } from './host-commands.ts';
import { createHostNetworks } from './host-networks.ts';
import { hostNamesOf, tapOf } from './names.ts';

/** Of the internet that the test plays: two public addresses, one of a private network that can be reached there, and that of the host itself. */
export const INTERNET = {
  first: '198.51.100.1',
  second: '203.0.113.1',
  private: '10.9.9.9',
  host: '198.51.100.254',
} as const;

const OPEN = { policy: 'allow', allow: [] } as const;
const signal = AbortSignal.timeout(600_000);

export type NetworkWorld = Awaited<ReturnType<typeof createNetworkWorld>>;

/** Made for one test; disposing removes all of it. */
export async function createNetworkWorld({ connectionRoom }: { readonly connectionRoom?: number } = {}) {
  const tag = randomBytes(4).toString('hex');
  const [internet, world] = [`volary-test-${tag}`, `volary-test-${tag}-world`];
  const installationId = `test-${tag}`;
  const guestSpaces = new Map<VmId, string>();
  const run = (...argv: readonly string[]) => runOnHost(argv, { signal });
  await run('ip', 'netns', 'add', internet);
  await run('ip', 'netns', 'add', world);
  const [inHost, inWorld] = [internet, world].map(
    (space) =>
      (...argv: readonly string[]) =>
        run('ip', '-n', space, ...argv),
  );
  if (inHost === undefined || inWorld === undefined) throw new Error('there are two');
  await run('nsenter', `--net=/run/netns/${internet}`, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  await inHost('link', 'add', 'name', 'out', 'type', 'veth', 'peer', 'name', 'in', 'netns', world);
  await inHost('address', 'add', `${INTERNET.host}/24`, 'dev', 'out');
  for (const address of [INTERNET.first, INTERNET.second, INTERNET.private])
    await inWorld('address', 'add', `${address}/24`, 'dev', 'in');
  for (const name of ['lo', 'out']) await inHost('link', 'set', 'dev', name, 'up');
  for (const name of ['lo', 'in']) await inWorld('link', 'set', 'dev', name, 'up');
  await inHost('route', 'add', 'default', 'via', INTERNET.first);
  const uplink = { namespacePath: `/run/netns/${internet}` };
  const create = () =>
    createHostNetworks({ installationId, uplink, ...(connectionRoom === undefined ? {} : { connectionRoom }) });
  const networks = create();
  const names = hostNamesOf(installationId);

  return {
    ...{ networks, names, internet, create, signal, run },
    apply: (plan: NetworkPlan) => networks.apply(plan, { signal }),

    /** Puts a program's end of a cable in the place of the interface that a monitor would open: what speaks there is the guest. */
    async plugIn(
      { vmId, networkId, address }: PlannedGuest,
      { as = address }: { readonly as?: number } = {},
    ): Promise<void> {
      const space = `volary-test-${tag}-${guestSpaces.size}`;
      guestSpaces.set(vmId, space);
      const [tap, bridge, port] = [tapOf(vmId), bridgeOf(networkId), `p${tag}${guestSpaces.size}`];
      const inside = (...argv: readonly string[]) => run('ip', '-n', names.namespace, ...argv);
      await run('ip', 'netns', 'add', space);
      await inside('link', 'delete', 'dev', tap);
      await inside('link', 'add', 'name', tap, 'type', 'veth', 'peer', 'name', port, 'netns', space);
      await inside('link', 'set', 'dev', tap, 'master', bridge);
      await inside('link', 'set', 'dev', tap, 'type', 'bridge_slave', 'isolated', 'on');
      await inside('link', 'set', 'dev', tap, 'up');
      await run('ip', '-n', space, 'link', 'set', 'dev', port, 'address', macOfAddress(address));
      await run('ip', '-n', space, 'address', 'add', `${formatAddress(as)}/24`, 'dev', port);
      for (const name of ['lo', port]) await run('ip', '-n', space, 'link', 'set', 'dev', name, 'up');
      const gateway = formatAddress(address - (address % 256) + 1);
      await run('ip', '-n', space, 'route', 'add', 'default', 'via', gateway);
    },

    /** Whether anybody answers the guest there, be it to say that there is no such port: the packets have passed both ways. */
    async reaches({ vmId }: PlannedGuest, address: string, port = 7): Promise<boolean> {
      const connect = `exec 2>&1; timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${port}' || true`;
      const answer = await run('nsenter', `--net=/run/netns/${guestSpaces.get(vmId)}`, 'bash', '-c', connect);
      return /refused/.test(answer);
    },

    /** Has the guest begin so many connections at once, each a datagram to another port. */
    async flood({ vmId }: PlannedGuest, address: string, count: number): Promise<void> {
      const space = `/run/netns/${guestSpaces.get(vmId)}`;
      await run('nsenter', `--net=${space}`, process.execPath, '-e', FLOOD, address, String(count));
    },

    /** What is set of the connections of the namespace. */
    async connectionSetting(name: string): Promise<number> {
      const space = `/run/netns/${names.namespace}`;
      return Number(await run('nsenter', `--net=${space}`, 'cat', `/proc/sys/net/netfilter/nf_conntrack_${name}`));
    },

    /** How many connections the namespace keeps in mind. */
    async connections(): Promise<number> {
      const space = `/run/netns/${names.namespace}`;
      return Number(await run('nsenter', `--net=${space}`, 'cat', '/proc/sys/net/netfilter/nf_conntrack_count'));
    },

    /** The same at a port of the host that the way out leads to. */
    talkOnHost: (port: number) => startTalker(`/run/netns/${internet}`, port),

    /** Somebody at a UDP port of the guest there, who says what comes, line by line, and sends what it is told. */
    async talk({ vmId }: PlannedGuest, { port }: { readonly port: number }): Promise<Talker> {
      return await startTalker(`/run/netns/${guestSpaces.get(vmId)}`, port);
    },

    async [Symbol.asyncDispose](): Promise<void> {
      await networks.remove(signal);
      for (const space of [...guestSpaces.values(), internet, world]) await run('ip', 'netns', 'delete', space);
    },
  };
}

interface Talker extends AsyncDisposable {
  send(address: string, port: number, text: string): void;
  /** What comes next. */
  next(): Promise<string | undefined>;
}

const TALKER = `
const [,port] = process.argv;
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', (message) => console.log(String(message)));
socket.bind(Number(port), () => {
  socket.setBroadcast(true);
  console.log('there');
});
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { address, port, text } = JSON.parse(line);
  // What the kernel does not let out at all has not been sent.
  socket.send(text, port, address, () => undefined);
}).on('close', () => process.exit());
`;

const FLOOD = `
const [, address, count] = process.argv;
const socket = require('node:dgram').createSocket('udp4');
const send = (port) => new Promise((resolve) => socket.send('x', port, address, resolve));
(async () => {
  for (let at = 0; at < Number(count); at += 64)
    await Promise.all(Array.from({ length: Math.min(64, count - at) }, (_, n) => send(1024 + at + n)));
  socket.close();
})();
`;

async function startTalker(namespacePath: string, port: number): Promise<Talker> {
  const argv = [`--net=${namespacePath}`, process.execPath, '-e', TALKER, String(port)];
  const child = spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string | undefined> => (await lines.next()).value;
  if ((await next()) !== 'there') throw new Error('nobody talks');
  return {
    send: (address, to, text) => void child.stdin.write(`${JSON.stringify({ address, port: to, text })}\n`),
    next,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

/** The n-th network, 10.80.n.0/24. */
export function plannedNetwork(number: number, change: Partial<PlannedNetwork> = {}): PlannedNetwork {
  return { id: numberedId('net', number), cidr: `10.80.${number}.0/24`, egress: OPEN, ...change };
}

/** The guest with the n-th address of a network. */
export function plannedGuest(
  network: PlannedNetwork,
  number: number,
  change: Partial<PlannedGuest> = {},
): PlannedGuest {
  const third = Number(network.cidr.split('.')[2]);
  const address = ((10 * 256 + 80) * 256 + third) * 256 + number;
  const vmId = numberedId('vm', third * 1_000 + number);
  return { vmId, networkId: network.id, address, party: 'ann', egress: OPEN, groups: [], ...change };
}

function numberedId(prefix: 'net', number: number): NetworkId;
function numberedId(prefix: 'vm', number: number): VmId;
function numberedId(prefix: 'net' | 'vm', number: number): NetworkId | VmId {
  return idFromUuid(prefix, `0198a5c0-0000-7000-8000-${number.toString(16).padStart(12, '0')}`);
}
