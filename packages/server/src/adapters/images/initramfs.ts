import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makePart } from '../shared/in-place.ts';
import { badModules } from './bad-modules.ts';
import { type CpioEntry, writeCpio } from './cpio.ts';
import { resolveModules } from './modules.ts';
import { runStage } from './run-stage.ts';

/** Mount points and places that the agent expects to find. */
const DIRECTORIES = ['dev', 'etc', 'modules', 'newroot', 'proc', 'root', 'run', 'sys', 'tmp', 'var'];

/** Debian's largest module has 10 MiB, its list of them less than one. */
const MOST_FILE_BYTES = 32 * 1024 ** 2;
/** Of all that an initramfs is given: each VM that boots unpacks them in its memory. */
const MOST_BYTES = 64 * 1024 ** 2;
const KERNEL_VERSION = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}$/;

export interface InitramfsParts {
  readonly agentPath: string;
  /** The root disk whose modules are taken: what the guest finds there fits its kernel. */
  readonly rootDiskPath: string;
  readonly kernelVersion: string;
  /** Names of modules, in the order in which they are wanted. */
  readonly modules: readonly string[];
  /** Where a directory for what is needed in between is made, and removed. */
  readonly workParent: string;
  readonly signal: AbortSignal;
}

/**
 * What the kernel starts from: the agent as its first program and the modules it loads, and nothing else. Not compressed: it
 * is small, and unpacking is what takes time under emulation. `/modules/order` lists the modules in loading order.
 * Throws `failed_precondition` image.bad_modules for a root whose modules are not as depmod and Debian leave them; as `runStage`.
 */
export async function makeInitramfs(parts: InitramfsParts): Promise<Uint8Array> {
  const work = await makePart(parts.workParent);
  try {
    const [dependencies = '', builtin = ''] = await readFromDisk(parts, work, ['modules.dep', 'modules.builtin']);
    const order = resolveModules(parts.modules, dependencies.toString(), builtin.toString());
    const contents = await readFromDisk(parts, work, order);
    return layOut(
      await readFile(parts.agentPath),
      order.map((path) => path.slice(path.lastIndexOf('/') + 1)),
      contents,
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** For a kernel that has all it needs built in: the agent alone. */
export async function makeBareInitramfs(agentPath: string): Promise<Uint8Array> {
  return layOut(await readFile(agentPath), [], []);
}

function layOut(agent: Uint8Array, names: readonly string[], contents: readonly Uint8Array[]): Uint8Array {
  const entries: CpioEntry[] = DIRECTORIES.map((path) => ({ kind: 'directory', path, mode: 0o755 }));
  entries.push({ kind: 'file', path: 'init', mode: 0o755, content: agent });
  entries.push({ kind: 'file', path: 'modules/order', mode: 0o644, content: Buffer.from(`${names.join('\n')}\n`) });
  for (const [i, content] of contents.entries()) {
    entries.push({ kind: 'file', path: `modules/${names[i] ?? ''}`, mode: 0o644, content });
  }
  return writeCpio(entries);
}

/**
 * Files below the kernel's module directory. Without mounting, so without privileges: debugfs reads the file system itself. What there is of
 * them in a root that a user has had a hand in may be of any size: no more is written down or read than such files have.
 */
async function readFromDisk(parts: InitramfsParts, work: string, paths: readonly string[]): Promise<readonly Buffer[]> {
  if (!KERNEL_VERSION.test(parts.kernelVersion)) throw badModules('the kernel has no version');
  const contents: Buffer[] = [];
  let readBytes = 0;
  for (const path of paths) {
    const copy = join(work, 'module');
    await runStage({
      name: 'reading kernel modules',
      program: 'prlimit',
      args: [
        ...[`--fsize=${MOST_FILE_BYTES}`, '--core=0', '--', 'debugfs', '-R'],
        // Quoted, though what may stand in it leaves nothing to quote.
        ...[`dump "/usr/lib/modules/${parts.kernelVersion}/${path}" module`, parts.rootDiskPath],
      ],
      workingDirectory: work,
      hiddenPaths: [work, parts.rootDiskPath],
      signal: parts.signal,
      explain: () => badModules(`${path} cannot be read, or is larger than ${MOST_FILE_BYTES} bytes`),
    });
    // debugfs ends with 0 whatever happens; a file that it could not read is not there.
    const found = await stat(copy).catch(() => null);
    if (found === null) throw badModules(`${path} is not there`);
    readBytes += found.size;
    if (found.size >= MOST_FILE_BYTES || readBytes > MOST_BYTES) throw badModules('they are too large');
    contents.push(await readFile(copy));
    await rm(copy);
  }
  return contents;
}
