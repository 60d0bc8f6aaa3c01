import { macOfUuid } from '../../../domain/network/mac.ts';
import type { NetworkMode } from '../../../domain/network/vm-network.ts';
import type { MachineNetwork } from '../../../ports/driver.ts';

/** What one way of joining a guest to a network asks of the VMM and of the guest. */
export interface NetworkAttachment {
  /** Arguments that make the device and what is behind it. */
  readonly qemuArguments: readonly string[];
  /** Keys of the guest agent's network settings on the kernel command line. */
  readonly guestSettings: Readonly<Record<string, string>>;
}

/** The network device, to QEMU. */
export const NIC_ID = 'nic0';

/** The address that the guest has in mode `user`; every guest has the same one, each behind a network of its own. */
const USER_NETWORK = { ip: '10.0.2.15/24', gateway: '10.0.2.2', dns: '10.0.2.3' } as const;

/** Nothing behind the device yet: what is saved of such a machine goes on with any back end. */
const UNCONNECTED = 'hubport,id=net0,hubid=0';

/** The modes there are. */
export const SUPPORTED_NETWORK_MODES: readonly NetworkMode[] = ['user', 'none', 'bridge'];

/** How to join this VM to the network in this mode. On a bridge, and without a place there, it is joined to nothing. */
export function attachNetwork(mode: NetworkMode, uuid: string, place: MachineNetwork | null = null): NetworkAttachment {
  switch (mode) {
    case 'none':
      return { qemuArguments: [], guestSettings: {} };
    case 'user':
      // Without `restrict` this back end lets a guest reach the host's own loopback through the gateway's address.
      return {
        qemuArguments: nicOn('user,id=net0,restrict=on,ipv6=off', macOfUuid(uuid)),
        guestSettings: USER_NETWORK,
      };
    case 'bridge': {
      if (place === null) return { qemuArguments: nicOn(UNCONNECTED, macOfUuid(uuid)), guestSettings: {} };
      const { tapName, mac, address, gateway, dns } = place;
      const backEnd = `tap,id=net0,ifname=${tapName},script=no,downscript=no,vhost=off`;
      const guestSettings = { ip: address, gateway, ...(dns === null ? {} : { dns }) };
      return { qemuArguments: nicOn(backEnd, mac), guestSettings };
    }
  }
}

/** What a guest is told that has another network than the one it was saved with; empty where it has none. */
export function settingsToTell(
  mode: NetworkMode,
  uuid: string,
  place: MachineNetwork | null = null,
): Readonly<Record<string, string>> {
  const { guestSettings } = attachNetwork(mode, uuid, place);
  return Object.keys(guestSettings).length === 0 ? {} : { mac: macFor(uuid, place), ...guestSettings };
}

/** Its hardware address. */
export function macFor(uuid: string, place: MachineNetwork | null | undefined): string {
  return place?.mac ?? macOfUuid(uuid);
}

/** The host's interface that a machine of these arguments is joined to; null: to none. */
export function tapNameOf(argv: readonly string[]): string | null {
  const names = argv.map((argument) => /^tap,id=net0,ifname=(?<name>[^,]+)/.exec(argument)?.groups?.['name']);
  return names.find((name) => name !== undefined) ?? null;
}

function nicOn(backEnd: string, mac: string): readonly string[] {
  return ['-netdev', backEnd, '-device', `virtio-net-pci,id=${NIC_ID},netdev=net0,mac=${mac},romfile=`];
}
