import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CpioEntry, writeCpio } from './cpio.ts';
import { resolveModules } from './modules.ts';

/** Mount points and places that the agent expects to find. */
const DIRECTORIES = ['dev', 'etc', 'modules', 'newroot', 'proc', 'root', 'run', 'sys', 'tmp', 'var'];

/**
 * What the kernel starts from: the agent as its first program and the modules it loads, and nothing else. Not compressed: it
 * is small, and unpacking is what takes time under emulation. `/modules/order` lists the modules in loading order.
 */
export async function makeInitramfs(
  agentPath: string,
  modulesPath: string,
  wanted: readonly string[],
): Promise<Uint8Array> {
  const list = (name: string): Promise<string> => readFile(join(modulesPath, name), 'utf8');
  const order = resolveModules(wanted, await list('modules.dep'), await list('modules.builtin'));
  const entries: CpioEntry[] = DIRECTORIES.map((path) => ({ kind: 'directory', path, mode: 0o755 }));
  entries.push({ kind: 'file', path: 'init', mode: 0o755, content: await readFile(agentPath) });
  const names = order.map((path) => path.slice(path.lastIndexOf('/') + 1));
  entries.push({ kind: 'file', path: 'modules/order', mode: 0o644, content: Buffer.from(`${names.join('\n')}\n`) });
  for (const [i, path] of order.entries()) {
    const content = await readFile(join(modulesPath, path));
    entries.push({ kind: 'file', path: `modules/${names[i] ?? ''}`, mode: 0o644, content });
  }
  return writeCpio(entries);
}
