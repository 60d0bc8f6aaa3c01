import { existsSync } from 'node:fs';
import { VolaryError } from '../../../../domain/errors.ts';

/** Where distributions put a UEFI that is one file, code and variables: Debian, Arch, openSUSE, Alpine, Fedora. */
const PLACES = [
  '/usr/share/ovmf/OVMF.fd',
  '/usr/share/edk2/x64/OVMF.4m.fd',
  '/usr/share/qemu/ovmf-x86_64.bin',
  '/usr/share/OVMF/OVMF.fd',
  '/usr/share/edk2/ovmf/OVMF.stateless.fd',
];

/** The host's UEFI. What a system writes into its variables lasts for a boot. Throws `failed_precondition` driver.no_uefi. */
export function findUefi(places: readonly string[] = PLACES): string {
  const found = places.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new VolaryError(
    'failed_precondition',
    'The image starts by UEFI, which this host has none of. On Debian and Ubuntu: apt-get install ovmf.',
    { reason: 'driver.no_uefi' },
  );
}
