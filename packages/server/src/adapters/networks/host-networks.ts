/**
 * The networks of this host: one namespace of an installation's own, with a bridge for each network that has guests and an interface for each
 * guest. Outside of it there is nothing, but for the way out where any guest has one: a pair of interfaces, and a table of our own. It is all found again by its names, so
 * that whoever dies in the middle is made good by the next who applies a plan.
 */
import { chmod, stat, statfs } from 'node:fs/promises';
import type { FaultPoint } from '../../ports/fault-point.ts';
import type { NetworkPlan, Networks } from '../../ports/networks.ts';
import { unlessAbsent } from '../shared/read-facts.ts';
import { identityOf } from '../shared/vm-identity.ts';
import {
  CONNECTION_SETTINGS,
  connectionsOfEach,
  fewConnections,
  forgetConnections,
  readConnectionRoom,
} from './connections.ts';
import { runOnHost } from './host-commands.ts';
import { type LoadedRules, parseRules } from './loaded-rules.ts';
import { hostNamesOf, tapOf } from './names.ts';
import { rulesetOf } from './ruleset.ts';
import { createUplink, type UplinkTarget } from './uplink.ts';
import { type FoundLink, linkChanges } from './wanted-links.ts';
import { whyNoBridges } from './why-no-bridges.ts';

const NAMESPACES = '/run/netns';
const TUN = '/dev/net/tun';
/** Linux's NSFS_MAGIC: the file system that namespaces are files of. */
const NSFS = 0x6e73_6673;

interface HostNetworksConfig {
  readonly installationId: string;
  readonly uplink: UplinkTarget;
  /** How many connections the kernel has room for; default: what it says. */
  readonly connectionRoom?: number;
  /** Called between the steps of an application; default: nobody is. */
  readonly faultPoint?: FaultPoint;
}

export function createHostNetworks(
  config: HostNetworksConfig,
): Networks & { remove(signal: AbortSignal): Promise<void> } {
  const names = hostNamesOf(config.installationId);
  const namespacePath = `${NAMESPACES}/${names.namespace}`;
  /** Before a command that is to run in the namespace. */
  const inside = ['nsenter', `--net=${namespacePath}`];
  const uplink = createUplink(names, config.uplink);
  const { faultPoint: pass = () => undefined } = config;
  /** What was applied last, by us: all of it is applied anew by the first call. */
  let rules: string | null = null;
  /** Whose connections there may be; null: what the rules say that are there. */
  let known: LoadedRules | null = null;

  const isThere = async () => (await stat(namespacePath).catch(unlessAbsent)) !== null;
  /** One that was being made when somebody died is a file of the directory's own file system, and no namespace. */
  const isHalfMade = async () => ((await statfs(namespacePath).catch(unlessAbsent))?.type ?? NSFS) !== NSFS;

  async function makeNamespace(signal: AbortSignal): Promise<void> {
    // Asked of the file system: that a program fails in it says nothing about it, and guests may be in it.
    if (await isHalfMade()) await runOnHost(['ip', 'netns', 'delete', names.namespace], { signal });
    if (!(await isThere())) {
      await runOnHost(['ip', 'netns', 'add', names.namespace], { signal });
      pass('networks.namespace-made');
    }
    await runOnHost([...inside, 'sh', '-c', SETTINGS], { signal });
    await openTun();
  }

  async function loadRules(used: NetworkPlan, most: number, isNew: boolean, signal: AbortSignal): Promise<void> {
    const wanted = rulesetOf(used, most);
    if (wanted === rules) return;
    await runOnHost([...inside, 'nft', '-f', '-'], { input: wanted, signal });
    // By now the kernel has what is set.
    if (isNew) await runOnHost([...inside, 'sh', '-c', CONNECTION_SETTINGS], { signal });
    rules = wanted;
    pass('networks.rules-loaded');
  }

  /**
   * Loads rules, and has the kernel forget what they no longer let be kept: of whoever is gone; and, when each may have another number, of
   * whoever has many, since counts begin anew. Who has few keeps them: a connection over which a guest only receives would not be found again.
   */
  async function renewRules(used: NetworkPlan, isNew: boolean, signal: AbortSignal): Promise<void> {
    const room = config.connectionRoom ?? readConnectionRoom();
    const joined = new Map(used.guests.map(({ vmId, address }) => [tapOf(vmId), address]));
    const mostConnections = connectionsOfEach(joined.size, room);
    const before = known ?? parseRules(await runOnHost([...inside, 'nft', '-j', 'list', 'ruleset'], { signal }));
    known = before;
    const marks = new Map<number, number>();
    if (before.mostConnections !== mostConnections)
      for (const address of before.joined.values()) marks.set(address, fewConnections(mostConnections));
    for (const [tap, address] of before.joined) if (joined.get(tap) !== address) marks.set(address, 0);
    // Before, since whoever comes after a death in the middle finds the new rules; and after, for what was begun under the old ones meanwhile.
    await forgetConnections(namespacePath, marks, { signal });
    await loadRules(used, mostConnections, isNew, signal);
    await forgetConnections(namespacePath, marks, { signal });
    known = { joined, mostConnections };
  }

  async function findLinks(signal: AbortSignal): Promise<readonly FoundLink[]> {
    return parseLinks(await runOnHost(['ip', '-n', names.namespace, '-json', 'link', 'show'], { signal }));
  }

  async function remove(signal: AbortSignal): Promise<void> {
    rules = null;
    known = null;
    await uplink.remove(signal);
    // With it go its interfaces, as soon as nobody is in it any more.
    if (await isThere()) await runOnHost(['ip', 'netns', 'delete', names.namespace], { signal });
  }

  return {
    whyNone: whyNoBridges(),
    portOf: (vmId) => ({ namespacePath, tapName: tapOf(vmId) }),
    remove,
    async apply(plan, { signal }) {
      const used = withGuests(plan);
      if (used.guests.length === 0) return await remove(signal);
      const isNew = rules === null || !(await isThere());
      if (isNew) {
        rules = null;
        await makeNamespace(signal);
      }
      // Before the interfaces: nobody is joined to anything that has no rules yet, or by an address under which somebody else's connections are kept.
      await renewRules(used, isNew, signal);
      const changes = linkChanges(used, await findLinks(signal), (vmId) => identityOf(vmId, [])?.uid ?? null);
      if (changes.length > 0)
        await runOnHost(['ip', '-n', names.namespace, '-batch', '-'], { input: `${changes.join('\n')}\n`, signal });
      if (hasWayOut(used)) await uplink.make(signal);
      else await uplink.remove(signal);
    },
  };
}

/**
 * A monitor without rights opens its own interface, and no other: what the device may be used for, the kernel decides by the interface's
 * owner. Udev gives it these rights on every host; where there is no udev it has root's alone.
 */
async function openTun(): Promise<void> {
  const { mode } = await stat(TUN);
  if ((mode & 0o006) !== 0o006) await chmod(TUN, 0o666);
}

/** A network that nobody is on leaves no trace. */
function withGuests({ networks, guests, groups }: NetworkPlan): NetworkPlan {
  const used = new Set(guests.map(({ networkId }) => networkId));
  return { networks: networks.filter(({ id }) => used.has(id)), guests, groups };
}

function hasWayOut({ networks, guests }: NetworkPlan): boolean {
  const open = new Set(networks.filter(({ egress }) => egress.policy !== 'deny').map(({ id }) => id));
  return guests.some(({ networkId, egress }) => open.has(networkId) && egress.policy !== 'deny');
}

/**
 * Of the namespace, for what is made in it from then on. A guest asks for the hardware address of another one on its network, and is answered by the bridge, through
 * which it has to send; bridged frames are no business of the rules about forwarding; there is no IPv6.
 */
const SETTINGS = `set -e
cd /proc/sys/net
echo 1 > ipv4/ip_forward
echo 1 > ipv4/conf/default/proxy_arp_pvlan
for conf in all default; do
  echo 0 > ipv4/conf/$conf/send_redirects
  echo 0 > ipv4/conf/$conf/accept_redirects
  if [ -e ipv6/conf/$conf ]; then echo 1 > ipv6/conf/$conf/disable_ipv6; fi
done
for hook in iptables ip6tables arptables; do
  if [ -e bridge/bridge-nf-call-$hook ]; then echo 0 > bridge/bridge-nf-call-$hook; fi
done`;

function parseLinks(json: string): readonly FoundLink[] {
  const parsed: unknown = JSON.parse(json === '' ? '[]' : json);
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((link: unknown): readonly FoundLink[] => {
    if (typeof link !== 'object' || link === null || !('ifname' in link) || typeof link.ifname !== 'string') return [];
    const master = 'master' in link && typeof link.master === 'string' ? link.master : null;
    return [
      { name: link.ifname, master, isUp: 'flags' in link && Array.isArray(link.flags) && link.flags.includes('UP') },
    ];
  });
}
