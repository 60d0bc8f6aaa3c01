import { stat } from 'node:fs/promises';
import { VolaryError } from '../../../domain/errors.ts';
import { findProgram, runProgram } from '../../shared/run-program.ts';

/** The QEMU that is installed on this host. */
export interface QemuProgram {
  readonly path: string;
  readonly imageToolPath: string;
  /** `7.2.22`. */
  readonly version: string;
  /** What `q35` means to this version, such as `pc-q35-7.2`: pinned, since the alias moves with each upgrade. */
  readonly machineType: string;
  readonly hasTcg: boolean;
}

const PROGRAM = 'qemu-system-x86_64';
const IMAGE_TOOL = 'qemu-img';
const PACKAGES = { [PROGRAM]: 'qemu-system-x86', [IMAGE_TOOL]: 'qemu-utils', setpriv: 'util-linux' } as const;

/** Finds QEMU each time it is asked, and asks it for its version only when the file has changed since. */
export function createQemuFinder(
  searchPath?: string,
): (options: { readonly signal: AbortSignal }) => Promise<QemuProgram> {
  let known: { readonly key: string; readonly program: QemuProgram } | null = null;
  return async ({ signal }) => {
    const path = requireProgram(PROGRAM, searchPath);
    const imageToolPath = requireProgram(IMAGE_TOOL, searchPath);
    requireProgram('setpriv', searchPath);
    const file = await stat(path);
    const key = `${path} ${file.ino} ${file.size} ${file.mtimeMs}`;
    if (known?.key !== key) known = { key, program: await describe(path, imageToolPath, signal) };
    return known.program;
  };
}

async function describe(path: string, imageToolPath: string, signal: AbortSignal): Promise<QemuProgram> {
  const ask = (...args: readonly string[]) => runProgram(path, args, { signal });
  const [version, machines, accelerators] = await Promise.all([
    ask('--version'),
    ask('-machine', 'help'),
    ask('-accel', 'help'),
  ]);
  const number = /version ([0-9]+\.[0-9]+\.[0-9]+)/.exec(version.stdout)?.[1];
  const machineType = /^q35 .*\(alias of (\S+)\)/m.exec(machines.stdout)?.[1];
  if (number === undefined || machineType === undefined) {
    throw new VolaryError('failed_precondition', 'The installed QEMU does not say its version or has no q35 machine.', {
      reason: 'driver.not_installed',
      context: { path, version, machines: machines.stderr },
    });
  }
  return { path, imageToolPath, version: number, machineType, hasTcg: /^tcg$/m.test(accelerators.stdout) };
}

function requireProgram(name: keyof typeof PACKAGES, searchPath: string | undefined): string {
  const path = findProgram(name, searchPath);
  if (path !== null) return path;
  const missing = [...new Set(Object.values(PACKAGES))].join(' ');
  throw new VolaryError(
    'failed_precondition',
    `QEMU is not installed: ${name} was not found. On Debian or Ubuntu: apt-get install ${missing}`,
    { reason: 'driver.not_installed', details: { program: name, package: PACKAGES[name] } },
  );
}
