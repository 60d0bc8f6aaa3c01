import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileDigest } from './digests.ts';
import { ROOT_FILES, type RootFacts } from './manifest.ts';
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
  [/cleaning package/, 0.95, 'cleaning up'],
];

export interface RootBuild {
  readonly recipe: Recipe;
  readonly customizeScriptPath: string;
  /** An empty directory that the results are written to: see ROOT_FILES. */
  readonly out: string;
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number, message: string) => void;
}

/** Builds kernel and root disk of a recipe from Debian's packages. Throws as `runStage`. */
export async function buildRoot(build: RootBuild): Promise<void> {
  const { out, signal, onProgress } = build;
  const [diskPath, bzImagePath, listPath] = [join(out, ROOT_FILES.root), join(out, 'vmlinuz'), join(out, 'list')];
  {
    await using disk = await open(diskPath, 'wx+');
    await using bzImage = await open(bzImagePath, 'wx');
    await using list = await open(listPath, 'wx');
    await using script = await open(build.customizeScriptPath, 'r');
    await disk.truncate(build.recipe.rootGib * 1024 ** 3);
    // mke2fs opens the disk once more, by its descriptor; without root privileges it does so as another user.
    await disk.chmod(0o666);
    await runMmdebstrap(build, [disk, bzImage, list, script]);
    await disk.chmod(0o644);
  }
  onProgress(0.97, 'unpacking the kernel');
  const bzImage = await readFile(bzImagePath);
  await writeFile(join(out, ROOT_FILES.kernel), extractVmlinux(bzImage) ?? bzImage, { mode: 0o644 });
  const [kernelVersion = '', ...packages] = (await readFile(listPath, 'utf8')).trim().split('\n');
  const sha256 = {
    kernel: await fileDigest(join(out, ROOT_FILES.kernel), { signal }),
    root: await fileDigest(diskPath, { signal }),
  };
  const facts: RootFacts = { kernelVersion, packages, sha256 };
  await writeFile(join(out, ROOT_FILES.facts), `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o644 });
  await Promise.all([rm(bzImagePath), rm(listPath)]);
}

async function runMmdebstrap(build: RootBuild, handles: readonly FileHandle[]): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  // Without root, mmdebstrap's user can enter none of our directories: the system's temporary one has to do.
  const work = isRoot ? await mkdtemp(join(build.out, 'tmp-')) : tmpdir();
  const [program = '', ...args] = [...(isRoot ? IN_NAMESPACES : TIED_TO_US), 'mmdebstrap', ...mmdebstrapArgs(build, isRoot)];
  try {
    await runStage({
      name: 'building the root from packages',
      program,
      args,
      env: { TMPDIR: work, VOLARY_KERNEL: build.recipe.kernelPackage },
      descriptors: handles.map(({ fd }) => fd),
      hiddenPaths: [work, build.out],
      signal: build.signal,
      graceMs: isRoot ? 0 : CLEANING_MS,
      onLine: (line) => {
        const phase = PHASES.find(([pattern]) => pattern.test(line));
        if (phase !== undefined) build.onProgress(phase[1], phase[2]);
      },
    });
  } finally {
    if (isRoot) await rm(work, { recursive: true, force: true });
  }
}

/**
 * As root, mmdebstrap mounts the host's own /dev/shm and /sys below the new root, in the mount namespace it finds itself in.
 * Killed, it would leave them there, and removing the directory would empty the host's. So it gets namespaces of its own,
 * that end with us: then no process and no mount outlives a build, however that ends.
 */
const IN_NAMESPACES = [
  ...['setpriv', '--pdeathsig=KILL', '--'],
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--'],
];

/** Without root it makes such namespaces itself, and removes its directory, which belongs to other users, when it is asked to end. */
const TIED_TO_US = ['setpriv', '--pdeathsig=TERM', '--'];
const CLEANING_MS = 20_000;

function mmdebstrapArgs({ recipe }: RootBuild, isRoot: boolean): readonly string[] {
  return [
    `--mode=${isRoot ? 'root' : 'unshare'}`,
    '--variant=minbase',
    '--format=null',
    `--include=${recipe.packages.join(',')}`,
    ...['doc', 'man', 'info', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    '--dpkgopt=path-include=/usr/share/locale/locale.alias',
    '--aptopt=APT::Sandbox::User "root"',
    // The script is the fourth descriptor; where it lies, mmdebstrap's user may not look.
    '--customize-hook=sh /proc/self/fd/6 "$1"',
    recipe.suite,
    '/dev/null',
  ];
}
