import { createHash } from 'node:crypto';
import { isAddedDevice } from './attachments/attachments.ts';

/** A port of a hub that has no other. */
const UNCONNECTED = 'hubport,id=net0,hubid=0';

/** Options that make what a guest sees of its machine. */
const OF_DEVICES: ReadonlySet<string> = new Set([
  '-machine',
  '-cpu',
  '-smp',
  '-m',
  '-global',
  '-device',
  '-serial',
  '-netdev',
]);

/**
 * The SHA-256 of the arguments that make a machine's devices, hexadecimal: state that was saved by one machine can be taken by
 * another one whose digest is the same. What may differ between the two is left out.
 */
export function deviceDigestOf(argv: readonly string[]): string {
  const parts = argv.flatMap((option, at) => {
    const value = argv[at + 1] ?? '';
    return OF_DEVICES.has(option) && !value.startsWith('migration.') && !isAddedDevice(value)
      ? [`${option} ${withoutIdentity(option, value)}`]
      : [];
  });
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

/** The same machine with nothing behind its network device: what is saved of that one can be taken up with any back end. */
export function withoutBackEnd(argv: readonly string[]): readonly string[] {
  return argv.map((value, at) => (argv[at - 1] === '-netdev' ? UNCONNECTED : value));
}

/** A network's back end is known by its kind: some have state of their own. */
function withoutIdentity(option: string, value: string): string {
  if (option === '-netdev') return value.split(',', 1)[0] ?? '';
  return value.replace(/,(memory-backend|suppress-vmdesc|mac)=[^,]*/g, '');
}
