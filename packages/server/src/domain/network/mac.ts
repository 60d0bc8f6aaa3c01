/** Of addresses that anybody may give (locally administered), and of single stations. */
const PREFIX = '02:56';

/** A locally administered address that is the VM's for its life: QEMU's prefix and the last three bytes of its UUID. */
export function macOfUuid(uuid: string): string {
  const hex = uuid.replaceAll('-', '').slice(-6);
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}

/** The hardware address of whoever has this IPv4 address: the networks of an installation do not overlap, so that nobody else has it. */
export function macOfAddress(address: number): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
  return [PREFIX, ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
