/** What has to be done in the namespace so that its bridges and interfaces are what a plan says: a pure difference. */

import { BRIDGE_PREFIX, bridgeOf } from '../../domain/network/bridge.ts';
import { formatAddress } from '../../domain/network/cidr.ts';
import { macOfAddress } from '../../domain/network/mac.ts';
import { cidrOf } from '../../domain/network/network.ts';
import { gatewayOf } from '../../domain/network/pool.ts';
import type { NetworkPlan } from '../../ports/networks.ts';
import { TAP_PREFIX, tapOf } from './names.ts';

/** An interface that is there. */
export interface FoundLink {
  readonly name: string;
  /** The bridge that it is a port of. */
  readonly master: string | null;
  readonly isUp: boolean;
}

/**
 * Lines for `ip -batch`: first what is too many goes, then what lacks is made. What a crash has left half made is removed and made anew.
 * `uidOf`: the user who may open a guest's interface; null: root alone.
 */
export function linkChanges(
  { networks, guests }: NetworkPlan,
  found: readonly FoundLink[],
  uidOf: (vmId: (typeof guests)[number]['vmId']) => number | null,
): readonly string[] {
  const bridges = new Map(networks.map((network) => [bridgeOf(network.id), network]));
  const taps = new Map(guests.map((guest) => [tapOf(guest.vmId), guest]));
  const present = new Map(found.map((link) => [link.name, link]));
  const isKept = ({ name, master, isUp }: FoundLink): boolean => {
    const guest = taps.get(name);
    return isUp && (guest === undefined ? bridges.has(name) : master === bridgeOf(guest.networkId));
  };
  const isOurs = ({ name }: FoundLink): boolean => name.startsWith(BRIDGE_PREFIX) || name.startsWith(TAP_PREFIX);
  const gone = found.filter((link) => isOurs(link) && !isKept(link));
  const lacks = (name: string): boolean => !present.has(name) || gone.some((link) => link.name === name);
  return [
    ...gone.map(({ name }) => `link delete dev ${name}`),
    ...[...bridges].flatMap(([name, network]) => {
      if (!lacks(name)) return [];
      const cidr = cidrOf(network);
      return [
        // Of its own: that of a bridge is else one of its ports', and another one when that goes, which no guest would learn of.
        `link add name ${name} address ${macOfAddress(gatewayOf(cidr))} type bridge`,
        `address add ${formatAddress(gatewayOf(cidr))}/${cidr.prefixLength} dev ${name}`,
        // Last, since one that is up counts as complete.
        `link set dev ${name} up`,
      ];
    }),
    ...[...taps].flatMap(([name, { vmId, networkId }]) => {
      const bridge = bridgeOf(networkId);
      // With a bridge go the ties of its ports.
      if (!lacks(name) && !lacks(bridge)) return [];
      const uid = uidOf(vmId);
      return [
        ...(lacks(name) ? [`tuntap add dev ${name} mode tap${uid === null ? '' : ` user ${uid}`}`] : []),
        `link set dev ${name} master ${bridge}`,
        // Guests reach each other by way of the namespace's own rules, never from port to port.
        `link set dev ${name} type bridge_slave isolated on`,
        `link set dev ${name} up`,
      ];
    }),
  ];
}
