/**
 * What guests may exchange, as rules of nftables for the namespace that they are in. All of it is written anew with each change, in one
 * transaction of the kernel's.
 *
 *   bridge  a guest sends as nobody but itself: its hardware address, its IP address, its ARP; and nothing of IPv6
 *   ip      forward: whatever a guest begins is judged packet by packet, also when the connection is open already, so that a rule that is
 *           taken away ends what it had let through; only answers are let through without a look, but at whose they are
 *           together  guests of one network and party, and nobody else
 *           between   those, under the groups of both
 *           outward   to the uplink: never to what nobody reaches, then as the network, the guest and its groups allow
 *           input, output: the namespace itself talks to nobody, but that its gateways answer a ping
 *   marked  what a guest begins is marked with its address, by which it is ended with the guest
 *   bound   what a guest has begun and not ended is counted by its address: the kernel's room for connections is the whole host's
 */

import { BRIDGE_PREFIX, bridgeOf } from '../../domain/network/bridge.ts';
import { formatAddress } from '../../domain/network/cidr.ts';
import { macOfAddress } from '../../domain/network/mac.ts';
import { type Egress, NEVER_REACHED, parsePorts, type TrafficRule } from '../../domain/network/traffic.ts';
import type { NetworkPlan, PlannedGroup, PlannedGuest } from '../../ports/networks.ts';
import { INSIDE_UPLINK, tapOf } from './names.ts';

const TABLE = 'volary';
/** Chains, by the rules that they have: whoever has the same shares one. */
type Chains = Map<string, { readonly name: string; readonly rules: readonly string[] }>;

/** The rules, for `nft -f -`. `mostConnections`: of each guest. */
export function rulesetOf(plan: NetworkPlan, mostConnections: number): string {
  return [replace('bridge', bridgeChains(plan)), replace('ip', ipChains(plan)), bound(mostConnections), ''].join('\n');
}

/** Guests that are counted: more than a host has room for. */
const MOST_COUNTED = 65_536;

/**
 * A table of its own, whose rules are written anew and whose counts stay: else each change of another guest's would begin them at nothing. A count keeps the bound
 * that it was begun with, so each bound has its own, which knows nothing of what others have counted: with another bound all that guests have begun is forgotten.
 */
function bound(most: number): string {
  const counts = `connections_${most}`;
  const counted = `iifname "${BRIDGE_PREFIX}*" ct state new add @${counts} { ip saddr ct count over ${most} } drop`;
  return [
    `table ip ${TABLE}_bound`,
    `flush table ip ${TABLE}_bound`,
    `table ip ${TABLE}_bound {`,
    `set ${counts} { type ipv4_addr; size ${MOST_COUNTED}; flags dynamic; }`,
    ...chain('forward', 'type filter hook forward priority 10; policy accept;', [counted]),
    ...chain('input', 'type filter hook input priority 10; policy accept;', [counted]),
    '}',
  ].join('\n');
}

/** A table is made if it is not there, so that it can be removed, so that it can be made as it is to be. */
function replace(family: 'bridge' | 'ip', lines: readonly string[]): string {
  const table = `table ${family} ${TABLE}`;
  return [table, `delete ${table}`, `${table} {`, ...lines, '}'].join('\n');
}

function bridgeChains({ guests }: NetworkPlan): readonly string[] {
  const owners = guests.map(
    ({ vmId, address }) => `"${tapOf(vmId)}" . ${macOfAddress(address)} . ${formatAddress(address)}`,
  );
  return [
    collection('set', 'owners', 'ifname . ether_addr . ipv4_addr', owners),
    ...chain('prerouting', 'type filter hook prerouting priority -300; policy drop;', [
      'ether type ip iifname . ether saddr . ip saddr @owners accept',
      'ether type arp iifname . ether saddr . arp saddr ip @owners iifname . arp saddr ether . arp saddr ip @owners accept',
    ]),
  ];
}

function ipChains(plan: NetworkPlan): readonly string[] {
  const chains: Chains = new Map();
  const { guests, networks, groups } = plan;
  const parties = numbered(guests.map(partyOf));
  const addressed = (guest: PlannedGuest, value: string): string => `${formatAddress(guest.address)} : ${value}`;
  const verdicts = <T>(all: readonly T[], keyOf: (one: T) => string, verdictOf: (one: T) => string | null) =>
    all.flatMap((one) => {
      const verdict = verdictOf(one);
      return verdict === null ? [] : [`${keyOf(one)} : ${verdict}`];
    });
  const ofGuest = ({ address }: PlannedGuest): string => formatAddress(address);
  const groupsOf = ({ groups: names }: PlannedGuest) => groups.filter(({ name }) => names.includes(name));
  const maps = [
    collection('set', 'never', 'ipv4_addr; flags interval', NEVER_REACHED),
    collection(
      'map',
      'parties',
      'ipv4_addr : mark',
      guests.map((guest) => addressed(guest, `${parties.get(partyOf(guest))}`)),
    ),
    collection(
      'set',
      'members',
      'ipv4_addr . mark',
      guests.map((guest) => `${ofGuest(guest)} . ${parties.get(partyOf(guest))}`),
    ),
    // By these connections are found again: see connections.ts.
    collection(
      'map',
      'marks',
      'ipv4_addr : mark',
      guests.map((guest) => addressed(guest, `${guest.address}`)),
    ),
    collection(
      'map',
      'of_network',
      'ifname : verdict',
      verdicts(
        networks,
        ({ id }) => `"${bridgeOf(id)}"`,
        ({ egress }) => egressVerdict(egress, chains),
      ),
    ),
    collection(
      'map',
      'of_guest',
      'ipv4_addr : verdict',
      verdicts(guests, ofGuest, ({ egress }) => egressVerdict(egress, chains)),
    ),
    collection(
      'map',
      'begins',
      'ipv4_addr : verdict',
      verdicts(guests, ofGuest, (guest) => beginsVerdict(groupsOf(guest), chains)),
    ),
    collection(
      'map',
      'enters',
      'ipv4_addr : verdict',
      verdicts(guests, ofGuest, (guest) => entersVerdict(guest, groupsOf(guest), chains)),
    ),
  ];
  return [...maps, ...[...chains.values()].flatMap(({ name, rules }) => chain(name, null, rules)), ...FIXED];
}

/** What a guest begins is known for its own by its address. */
const MARKED = [`iifname "${BRIDGE_PREFIX}*" ct state new ct mark set ip saddr map @marks`];

/** The bridges between the guests of a network; what differs from plan to plan stands in the maps. */
const FIXED: readonly string[] = [
  ...chain('together', null, [
    'meta mark set 0',
    'meta mark set ip saddr map @parties',
    'ip daddr . meta mark != @members drop',
  ]),
  ...chain('between', null, ['ip saddr vmap @begins', 'ip daddr vmap @enters', 'accept']),
  ...chain('outward', null, [
    'ip daddr @never drop',
    'iifname vmap @of_network',
    'ip saddr vmap @of_guest',
    'ip saddr vmap @begins',
    'accept',
  ]),
  ...chain('forward', 'type filter hook forward priority 0; policy drop;', [
    'ct state invalid drop',
    // Also answers: what was asked may have been of whoever had the address before.
    `iifname "${BRIDGE_PREFIX}*" oifname "${BRIDGE_PREFIX}*" jump together`,
    'ct direction reply ct state established,related accept',
    'ct state related accept',
    `iifname "${BRIDGE_PREFIX}*" oifname "${BRIDGE_PREFIX}*" jump between`,
    `iifname "${BRIDGE_PREFIX}*" oifname "${INSIDE_UPLINK}" jump outward`,
  ]),
  ...chain('input', 'type filter hook input priority 0; policy drop;', [
    'ct direction reply ct state established,related accept',
    `iifname "${BRIDGE_PREFIX}*" icmp type echo-request accept`,
  ]),
  ...chain('output', 'type filter hook output priority 0; policy drop;', [
    'ct direction reply accept',
    'ct state related accept',
  ]),
  // After all that drops.
  ...chain('marked_forward', 'type filter hook forward priority 20; policy accept;', MARKED),
  ...chain('marked_input', 'type filter hook input priority 20; policy accept;', MARKED),
  ...chain('postrouting', 'type nat hook postrouting priority 100; policy accept;', [
    `oifname "${INSIDE_UPLINK}" masquerade`,
  ]),
];

/** Null: all that has not been refused before. */
function egressVerdict({ policy, allow }: Egress, chains: Chains): string | null {
  if (policy === 'allow') return null;
  return policy === 'deny' ? 'drop' : listVerdict('daddr', allow, chains);
}

/** What any of its groups lets it begin; null: all, since one of them does, or it has none. */
function beginsVerdict(groups: readonly PlannedGroup[], chains: Chains): string | null {
  if (groups.length === 0 || groups.some(({ egress }) => egress === null)) return null;
  return listVerdict(
    'daddr',
    groups.flatMap(({ egress }) => egress ?? []),
    chains,
  );
}

/** What any of its groups lets others begin with it; null: all, since it has none. A group that is gone lets in nothing. */
function entersVerdict(
  { groups: names }: PlannedGuest,
  groups: readonly PlannedGroup[],
  chains: Chains,
): string | null {
  if (names.length === 0) return null;
  return listVerdict(
    'saddr',
    groups.flatMap(({ ingress }) => ingress),
    chains,
  );
}

/** A jump to a chain that comes back where a rule is met, and drops where none is. */
function listVerdict(side: 'saddr' | 'daddr', rules: readonly TrafficRule[], chains: Chains): string {
  if (rules.length === 0) return 'drop';
  const lines = [...new Set(rules.map((rule) => `${matchOf(side, rule)} return`))].sort();
  const key = lines.join('\n');
  const known = chains.get(key) ?? { name: `list_${chains.size}`, rules: [...lines, 'drop'] };
  chains.set(key, known);
  return `jump ${known.name}`;
}

function matchOf(side: 'saddr' | 'daddr', { cidr, protocol, ports }: TrafficRule): string {
  const whom = `ip ${side} ${cidr}`;
  if (protocol === 'any') return whom;
  const range = ports === null ? null : parsePorts(ports);
  if (range === null) return `${whom} ip protocol ${protocol}`;
  return `${whom} ${protocol} dport ${range.first}-${range.last}`;
}

function partyOf({ networkId, party }: PlannedGuest): string {
  return JSON.stringify([networkId, party]);
}

/** From 1 on, since 0 is nobody's. */
function numbered(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map([...new Set(names)].map((name, index) => [name, index + 1]));
}

function collection(kind: 'set' | 'map', name: string, type: string, elements: readonly string[]): string {
  const filled = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} }`;
  return `${kind} ${name} { type ${type};${filled} }`;
}

function chain(name: string, hook: string | null, rules: readonly string[]): readonly string[] {
  return [`chain ${name} {`, ...(hook === null ? [] : [hook]), ...rules, '}'];
}
