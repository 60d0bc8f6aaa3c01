import type { NetworkMode } from '../../../domain/vm/spec.ts';

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

const ATTACHMENTS = {
  none: () => ({ qemuArguments: [], guestSettings: {} }),
  // Without `restrict` this back end lets a guest reach the host's own loopback through the gateway's address.
  user: (mac) => ({
    qemuArguments: [
      '-netdev',
      'user,id=net0,restrict=on,ipv6=off',
      '-device',
      `virtio-net-pci,id=${NIC_ID},netdev=net0,mac=${mac},romfile=`,
    ],
    guestSettings: USER_NETWORK,
  }),
} as const satisfies Record<NetworkMode, (mac: string) => NetworkAttachment>;

/** The modes there are. */
export const SUPPORTED_NETWORK_MODES: readonly NetworkMode[] = ['user', 'none'];

/** How to join this VM to the network in this mode. */
export function attachNetwork(mode: NetworkMode, uuid: string): NetworkAttachment {
  return ATTACHMENTS[mode](macOf(uuid));
}

/** A locally administered address that is the VM's for its life: QEMU's prefix and the last three bytes of its UUID. */
export function macOf(uuid: string): string {
  const hex = uuid.replaceAll('-', '').slice(-6);
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}
