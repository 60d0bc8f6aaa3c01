import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recipe } from './recipe.ts';
import { runStage } from './run-stage.ts';
import { extractVmlinux } from './vmlinux.ts';

/** What mmdebstrap says when it begins something, and how far the whole is then (measured on a build of 20 s). */
const PHASES: readonly (readonly [RegExp, number, string])[] = [
  [/running apt-get update/, 0.02, 'fetching package lists'],
  [/downloading packages/, 0.08, 'downloading packages'],
  [/extracting archives/, 0.25, 'unpacking packages'],
  [/installing essential/, 0.35, 'installing the base system'],
  [/installing remaining/, 0.5, 'installing packages'],
  [/running --customize-hook/, 0.75, 'fetching the kernel, writing the disk'],
  [/cleaning package/, 0.97, 'cleaning up'],
];

export interface RootBuild {
  readonly recipe: Recipe;
  readonly customizeScriptPath: string;
  /** An empty directory that the results are written to: `kernel`, `root.raw`, `modules/`, `kernel-version`, `packages`. */
  readonly out: string;
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number, message: string) => void;
}

/** Builds kernel and root disk of a recipe from Debian's packages. Throws as `runStage`. */
export async function buildRoot({ recipe, customizeScriptPath, out, signal, onProgress }: RootBuild): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  // Without root, mmdebstrap works as another user within a namespace, who has to be able to write here.
  if (!isRoot) await chmod(out, 0o777);
  const work = await mkdtemp(join(out, 'tmp-'));
  if (!isRoot) await chmod(work, 0o777);
  try {
    await runStage({
      name: 'building the root from packages',
      program: 'mmdebstrap',
      args: [
        `--mode=${isRoot ? 'root' : 'unshare'}`,
        '--variant=minbase',
        '--format=null',
        `--include=${recipe.packages.join(',')}`,
        ...['doc', 'man', 'info', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
        '--dpkgopt=path-include=/usr/share/doc/*/copyright',
        '--dpkgopt=path-include=/usr/share/locale/locale.alias',
        '--aptopt=APT::Sandbox::User "root"',
        `--customize-hook=${customizeScriptPath}`,
        recipe.suite,
        '/dev/null',
      ],
      env: {
        TMPDIR: work,
        VOLARY_OUT: out,
        VOLARY_KERNEL: recipe.kernelPackage,
        VOLARY_ROOT_GIB: String(recipe.rootGib),
      },
      signal,
      onLine: (line) => {
        const phase = PHASES.find(([pattern]) => pattern.test(line));
        if (phase !== undefined) onProgress(phase[1], phase[2]);
      },
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await unpackKernel(out);
  await chmod(join(out, 'root.raw'), 0o644);
}

async function unpackKernel(out: string): Promise<void> {
  const bzImage = await readFile(join(out, 'vmlinuz'));
  await writeFile(join(out, 'kernel'), extractVmlinux(bzImage) ?? bzImage, { mode: 0o644 });
  await rm(join(out, 'vmlinuz'));
}
