import { link, open, stat, writeFile } from 'node:fs/promises';
import type { Firmware } from '../../../domain/image/definition.ts';
import { fileDigest } from '../digests.ts';
import { makeBareInitramfs } from '../initramfs.ts';
import { makeAgent } from '../make-agent.ts';
import type { ImageFile } from '../manifest.ts';
import { badKernel } from './disk-errors.ts';
import type { DiskImport } from './disk-import.ts';
import { type FileDeps, obtainVerified, type SourceFile } from './source-file.ts';

/** What a disk is started by. */
export type BootFacts =
  | { readonly boot: 'none' }
  | { readonly boot: 'firmware'; readonly firmware: Firmware }
  | {
      readonly boot: 'direct';
      readonly kernelVersion: string;
      readonly kernel: ImageFile;
      readonly initramfs: ImageFile;
    };

export interface BootFiles extends AsyncDisposable {
  /** Writes them to these paths, if there are any. The caller holds the build lock. */
  put(paths: { readonly kernel: string; readonly initramfs: string }): Promise<BootFacts>;
}

/** More than this is no kernel, and no initramfs, bytes. */
const KERNEL_BYTES = 256 * 1024 ** 2;
const INITRAMFS_BYTES = 1024 ** 3;
const COPY_BYTES = 1024 ** 2;

type Job = Pick<DiskImport, 'definition' | 'base' | 'guestPath' | 'signal'>;

/** Has what the image names to be started by. Throws as `obtainVerified`, `failed_precondition` image.bad_kernel. */
export async function obtainBootFiles(
  { definition, base, guestPath, signal }: Job,
  deps: FileDeps,
): Promise<BootFiles> {
  const nothing = async (): Promise<void> => undefined;
  if (definition.boot === 'none') return { put: async () => ({ boot: 'none' }), [Symbol.asyncDispose]: nothing };
  if (definition.boot === 'firmware') {
    const { firmware } = definition;
    return { put: async () => ({ boot: 'firmware', firmware }), [Symbol.asyncDispose]: nothing };
  }
  if (definition.kernel === null) {
    if (base === null) throw new TypeError('there is no image of ours to take the kernel from');
    return {
      async put(paths) {
        await link(base.kernelPath, paths.kernel);
        await link(base.initramfsPath, paths.initramfs);
        return await factsOf(paths, base.kernelVersion, signal);
      },
      [Symbol.asyncDispose]: nothing,
    };
  }
  await using files = new AsyncDisposableStack();
  const kernel = files.use(await obtainVerified(definition.kernel, definition, { ...deps, maxBytes: KERNEL_BYTES }));
  const kernelVersion = await readKernelVersion(kernel).catch(async (error: unknown) => {
    await kernel.discard();
    throw error;
  });
  const own = { ...deps, maxBytes: INITRAMFS_BYTES };
  const initramfs =
    definition.initramfs === null ? null : files.use(await obtainVerified(definition.initramfs, definition, own));
  const kept = files.move();
  return {
    async put(paths) {
      await copy(kernel, paths.kernel, signal);
      if (initramfs !== null) await copy(initramfs, paths.initramfs, signal);
      // A kernel of which we have no modules: it has to have built in what its disk and its link need.
      else await writeFile(paths.initramfs, await makeBareInitramfs(await makeAgent(guestPath, signal)));
      const facts = await factsOf(paths, kernelVersion, signal);
      await kernel.discard();
      await initramfs?.discard();
      return facts;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function copy(file: SourceFile, path: string, signal: AbortSignal): Promise<void> {
  await using target = await open(path, 'wx', 0o644);
  const buffer = Buffer.allocUnsafe(COPY_BYTES);
  for (let at = 0; ; ) {
    signal.throwIfAborted();
    const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) break;
    await target.write(buffer, 0, bytesRead, at);
    at += bytesRead;
  }
  await file.requireUnchanged();
}

async function factsOf(
  paths: { readonly kernel: string; readonly initramfs: string },
  kernelVersion: string,
  signal: AbortSignal,
): Promise<BootFacts> {
  const describe = async (path: string): Promise<ImageFile> => ({
    sizeBytes: (await stat(path)).size,
    sha256: await fileDigest(path, { signal }),
  });
  const [kernel, initramfs] = [await describe(paths.kernel), await describe(paths.initramfs)];
  return { boot: 'direct', kernelVersion, kernel, initramfs };
}

/** The version that a kernel says it has; `unknown` where it is a plain ELF. https://docs.kernel.org/arch/x86/boot.html */
async function readKernelVersion({ handle }: SourceFile): Promise<string> {
  const setup = Buffer.alloc(65_536);
  const { bytesRead } = await handle.read(setup, 0, setup.length, 0);
  if (bytesRead >= 4 && setup.readUInt32BE(0) === 0x7f_45_4c_46) return 'unknown';
  if (bytesRead < 0x264 || setup.toString('latin1', 0x202, 0x206) !== 'HdrS') throw badKernel();
  const at = setup.readUInt16LE(0x20e) + 0x200;
  const text = setup.toString('latin1', at, Math.min(at + 256, bytesRead));
  return /^[\x21-\x7e]{1,64}/.exec(text)?.[0] ?? 'unknown';
}
