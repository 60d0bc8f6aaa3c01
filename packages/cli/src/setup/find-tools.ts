import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Env } from '../paths.ts';
import { PACKAGE_MANAGERS, type PackageManager, TOOLS, type Tool } from './tools.ts';

/** Programs of the system's administrator are not in a user's PATH everywhere. */
const MORE_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Where a program is; null if it is nowhere. An absolute path is looked at as it is. */
export async function findProgram(name: string, env: Env): Promise<string | null> {
  const isPath = isAbsolute(name);
  const directories = isPath ? [''] : [...(env['PATH'] ?? '').split(delimiter), ...MORE_DIRECTORIES];
  for (const directory of directories) {
    if (directory === '' && !isPath) continue;
    const path = isPath ? name : join(directory, name);
    if (await isAccessible(path, isPath ? constants.R_OK : constants.X_OK)) return path;
  }
  return null;
}

/** The tools that are needed here for this purpose and are not there. */
export async function findMissingTools(neededBy: Tool['neededBy'], env: Env): Promise<readonly Tool[]> {
  const isDebian = distributionsIn(await readRelease())[0] === 'debian';
  const missing: Tool[] = [];
  for (const tool of neededTools(neededBy)) {
    if (tool.isForDebianOnly === true && !isDebian) continue;
    if ((await findProgram(tool.probe, env)) === null) missing.push(tool);
  }
  return missing;
}

/** The tools that are needed for this purpose. */
export function neededTools(neededBy: Tool['neededBy']): readonly Tool[] {
  const isRoot = process.getuid?.() === 0;
  return TOOLS.filter((tool) => (neededBy === 'tests' || tool.neededBy === 'vms') && !(isRoot && tool.isForUsersOnly));
}

/** The package manager of this system; null where it is none that we know. apt alone is no Debian: others have it as a tool. */
export async function findPackageManager(env: Env): Promise<PackageManager | null> {
  const isDebian = distributionsIn(await readRelease()).some((name) => name === 'debian' || name === 'ubuntu');
  for (const manager of PACKAGE_MANAGERS) {
    if ((manager === 'apt-get') === isDebian && (await findProgram(manager, env)) !== null) return manager;
  }
  return null;
}

/** Packages of this manager that bring the tools, each once; tools without one are left out. */
export function packagesFor(tools: readonly Tool[], manager: PackageManager): readonly string[] {
  const packages = tools.map((tool) => tool.packages[manager]).filter((name) => name !== undefined);
  return [...new Set(packages)];
}

/** The command that brings the tools; null where nobody packages all of them. */
export function installCommand(tools: readonly Tool[], manager: PackageManager | null): string | null {
  if (manager === null || tools.some((tool) => tool.packages[manager] === undefined)) return null;
  const names = packagesFor(tools, manager).join(' ');
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  const commands: Record<PackageManager, string> = {
    'apt-get': `${sudo}apt-get install -y --no-install-recommends ${names}`,
    dnf: `${sudo}dnf install -y ${names}`,
    apk: `${sudo}apk add ${names}`,
    pacman: `${sudo}pacman -S --needed ${names}`,
    zypper: `${sudo}zypper install -y ${names}`,
  };
  return commands[manager];
}

async function readRelease(): Promise<string> {
  return await readFile('/etc/os-release', 'utf8').catch(() => '');
}

/** What a system is by its `os-release`, then what it is like: `ubuntu`, `debian`. */
export function distributionsIn(release: string): readonly string[] {
  const textOf = (key: string): string => new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(release)?.[1] ?? '';
  return [textOf('ID'), ...textOf('ID_LIKE').split(' ')].filter((name) => name !== '');
}

async function isAccessible(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
