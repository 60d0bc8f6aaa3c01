/** The networks of the host, seen past the server: what is in an installation's namespace, and what of it is outside. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { connectionsOfEach, readConnectionRoom } from '../../packages/server/src/adapters/networks/connections.ts';
import { hostNamesOf, INSIDE_UPLINK, tapOf } from '../../packages/server/src/adapters/networks/names.ts';
import { rulesetOf } from '../../packages/server/src/adapters/networks/ruleset.ts';
import { bridgeOf } from '../../packages/server/src/domain/network/bridge.ts';
import { formatAddress } from '../../packages/server/src/domain/network/cidr.ts';
import { cidrOf } from '../../packages/server/src/domain/network/network.ts';
import { gatewayOf } from '../../packages/server/src/domain/network/pool.ts';
import type { NetworkPlan } from '../../packages/server/src/ports/networks.ts';

/** What networks come to on a host: lines that say what there is, in no order. */
export interface HostNetworks {
  readonly hasNamespace: boolean;
  /** Interfaces in the namespace, each with the bridge that it is a port of, and its address. */
  readonly links: readonly string[];
  /** The kernel's rules in the namespace, as JSON. */
  readonly rules: readonly string[];
  /** What is outside of the namespace. */
  readonly outside: readonly string[];
}

/** A namespace that plays the world around the host: all that a storm has outside of its installation's own. */
export interface World extends Disposable {
  readonly path: string;
  /** Looks at what there is of the installation now. */
  look(installationId: string): HostNetworks;
  /** What there is to be by this plan. */
  expect(installationId: string, plan: NetworkPlan): HostNetworks;
}

export function createWorld(): World {
  const name = `volary-chaos-${randomBytes(4).toString('hex')}`;
  run(['ip', 'netns', 'add', name]);
  const path = pathOf(name);
  return {
    path,
    look: (installationId) => lookAtNetworks(installationId, path),
    expect: expectedNetworks,
    [Symbol.dispose]: () => void run(['ip', 'netns', 'delete', name]),
  };
}

function pathOf(namespace: string): string {
  return `/run/netns/${namespace}`;
}

function lookAtNetworks(installationId: string, world: string): HostNetworks {
  const { namespace, uplink, table } = hostNamesOf(installationId);
  const isOutside = (link: Link): boolean => link.ifname === uplink;
  const tables = run(['nsenter', `--net=${world}`, 'nft', 'list', 'tables']).split('\n');
  const outside = [
    ...linksIn(world).filter(isOutside).map(describe),
    ...tables.filter((line) => line === `table ip ${table}`),
  ];
  if (!existsSync(pathOf(namespace))) return { hasNamespace: false, links: [], rules: [], outside };
  const links = linksIn(pathOf(namespace)).map(describe);
  return { hasNamespace: true, links, rules: rulesIn(pathOf(namespace)), outside };
}

/** A network that nobody is on leaves no trace, and the way out is there while anybody may use it. */
function expectedNetworks(installationId: string, { networks, guests, groups }: NetworkPlan): HostNetworks {
  if (guests.length === 0) return { hasNamespace: false, links: [], rules: [], outside: [] };
  const { uplink, table, insideAddress, outsideAddress } = hostNamesOf(installationId);
  const used = networks.filter(({ id }) => guests.some(({ networkId }) => networkId === id));
  const open = used.filter(({ egress }) => egress.policy !== 'deny').map(({ id }) => id);
  const hasWayOut = guests.some(({ networkId, egress }) => open.includes(networkId) && egress.policy !== 'deny');
  const mostConnections = connectionsOfEach(guests.length, readConnectionRoom());
  return {
    hasNamespace: true,
    links: [
      'lo DOWN',
      ...used.map((network) => {
        const cidr = cidrOf(network);
        return `${bridgeOf(network.id)} UP ${formatAddress(gatewayOf(cidr))}/${cidr.prefixLength}`;
      }),
      ...guests.map(({ vmId, networkId }) => `${tapOf(vmId)} of ${bridgeOf(networkId)} UP`),
      ...(hasWayOut ? [`${INSIDE_UPLINK} UP ${insideAddress}/30`] : []),
    ],
    rules: asKernelHasThem(rulesetOf({ networks: used, guests, groups }, mostConnections)),
    outside: hasWayOut ? [`${uplink} UP ${outsideAddress}/30`, `table ip ${table}`] : [],
  };
}

/** The rules as the kernel tells them: loaded where nobody is. */
function asKernelHasThem(ruleset: string): readonly string[] {
  const name = `volary-chaos-${randomBytes(4).toString('hex')}`;
  run(['ip', 'netns', 'add', name]);
  try {
    run(['nsenter', `--net=${pathOf(name)}`, 'nft', '-f', '-'], ruleset);
    return rulesIn(pathOf(name));
  } finally {
    run(['ip', 'netns', 'delete', name]);
  }
}

interface Link {
  readonly ifname: string;
  readonly master?: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly { readonly family?: string; readonly local?: string; readonly prefixlen?: number }[];
}

function linksIn(path: string): readonly Link[] {
  const links: readonly Link[] = JSON.parse(run(['nsenter', `--net=${path}`, 'ip', '-json', 'address', 'show']));
  return links;
}

function describe({ ifname, master, flags, addr_info: addresses }: Link): string {
  const own = addresses
    .filter(({ family }) => family === 'inet')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`);
  const bridge = master === undefined ? [] : [`of ${master}`];
  return [ifname, ...bridge, flags.includes('UP') ? 'UP' : 'DOWN', ...own].join(' ');
}

/** Each table, set, chain and rule as a line, without what the kernel numbers them by. */
function rulesIn(path: string): readonly string[] {
  const { nftables }: { readonly nftables: readonly Record<string, Record<string, unknown>>[] } = JSON.parse(
    run(['nsenter', `--net=${path}`, 'nft', '-j', 'list', 'ruleset']),
  );
  return nftables.flatMap((entry) =>
    Object.entries(entry)
      // Counts stay when what is counted to changes.
      .filter(([kind, { name }]) => kind !== 'metainfo' && !`${name}`.startsWith('connections_'))
      .map(([kind, { handle: _, elem, ...rest }]) => {
        // A set has no order.
        const elements = Array.isArray(elem) ? { elem: elem.map((each) => JSON.stringify(each)).toSorted() } : {};
        return JSON.stringify({ [kind]: { ...rest, ...elements } });
      }),
  );
}

function run(argv: readonly string[], input = ''): string {
  const [program = '', ...args] = argv;
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`, { cause: error });
  return stdout;
}
