import { existsSync } from 'node:fs';
import { VolaryError } from '../../domain/errors.ts';
import { findProgram } from '../shared/run-program.ts';

/** Programs that building an image needs, and the Debian package each comes in. */
const TOOLS = {
  mmdebstrap: 'mmdebstrap',
  mke2fs: 'e2fsprogs',
  debugfs: 'e2fsprogs',
  'dpkg-deb': 'dpkg',
  'apt-get': 'apt',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  prlimit: 'util-linux',
  make: 'make',
  'musl-gcc': 'musl-tools',
} as const;

/** Programs that importing a disk needs. */
const IMPORT_TOOLS = {
  'qemu-img': 'qemu-utils',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  prlimit: 'util-linux',
} as const;

/** What is needed besides where the builder is not root. */
const TOOLS_WITHOUT_ROOT = { newuidmap: 'uidmap' } as const;

/** What Debian's packages are checked with. Distributions other than Debian bring it in a package. */
const KEYRING = { path: '/usr/share/keyrings/debian-archive-keyring.gpg', package: 'debian-archive-keyring' } as const;

export interface ToolsHost {
  /** Directories, separated by colons. */
  readonly searchPath: string;
  readonly isRoot: boolean;
  hasFile(path: string): boolean;
}

const THIS_HOST: ToolsHost = {
  searchPath: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
  isRoot: process.getuid?.() === 0,
  hasFile: existsSync,
};

/** Throws `failed_precondition` image.tool_missing that names what is missing and the Debian packages that bring it. */
export function requireTools(host: ToolsHost = THIS_HOST): void {
  const needed: Readonly<Record<string, string>> = host.isRoot ? TOOLS : { ...TOOLS, ...TOOLS_WITHOUT_ROOT };
  const missing = missingOf(needed, host);
  if (!host.hasFile(KEYRING.path)) missing.push(["Debian's archive keys", KEYRING.package]);
  refuseWithout(missing, 'Building an image');
}

/** The same for imports. */
export function requireImportTools(host: ToolsHost = THIS_HOST): void {
  refuseWithout(missingOf(IMPORT_TOOLS, host), 'Importing an image');
}

function missingOf(needed: Readonly<Record<string, string>>, { searchPath }: ToolsHost): [string, string][] {
  return Object.entries(needed).filter(([tool]) => findProgram(tool, searchPath) === null);
}

function refuseWithout(missing: readonly (readonly [tool: string, packageName: string])[], what: string): void {
  if (missing.length === 0) return;
  const tools = missing.map(([tool]) => tool);
  const packages = [...new Set(missing.map(([, name]) => name))];
  throw new VolaryError(
    'failed_precondition',
    `${what} needs ${tools.join(', ')}. On Debian and Ubuntu: apt-get install ${packages.join(' ')}.`,
    { reason: 'image.tool_missing', details: { tools, packages } },
  );
}
