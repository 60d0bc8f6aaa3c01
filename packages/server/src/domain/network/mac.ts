/** Of addresses that anybody may give (locally administered), and of single stations. */
const PREFIX = '02:56';

/** The hardware address of whoever has this IPv4 address: the networks of an installation do not overlap, so that nobody else has it. */
export function macOfAddress(address: number): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
  return [PREFIX, ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
