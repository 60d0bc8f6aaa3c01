import { VolaryError } from '../../domain/errors.ts';
import { findProgram } from '../shared/run-program.ts';

/** Programs that building an image needs, and the Debian package each comes in. */
const TOOLS = {
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'e2fsprogs',
  'dpkg-deb': 'dpkg',
  'apt-get': 'apt',
  make: 'make',
  'musl-gcc': 'musl-tools',
} as const;

/** Throws `failed_precondition` image.tool_missing that names what is missing and the Debian packages that bring it. */
export function requireTools(searchPath = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`): void {
  const missing = Object.entries(TOOLS).filter(([tool]) => findProgram(tool, searchPath) === null);
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  throw new VolaryError(
    'failed_precondition',
    `Building an image needs ${missing.map(([tool]) => tool).join(', ')}. On Debian and Ubuntu: apt-get install ${packages.join(' ')}.`,
    { reason: 'image.tool_missing', details: { tools: missing.map(([tool]) => tool), packages } },
  );
}
