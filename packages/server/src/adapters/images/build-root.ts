import { chmod, copyFile, mkdir, mkdtemp, open, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainAdditions, putAdditions } from './additions.ts';
import { fileDigest } from './digests.ts';
import { keepingRoom } from './keep-room.ts';
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
  [/^volary: command /, 0.85, 'running commands'],
  [/removing tempdir/, 0.95, 'cleaning up'],
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
  const made = join(out, 'made');
  await prepare(made, build);
  await runMmdebstrap(build, made);
  onProgress(0.97, 'unpacking the kernel');
  const diskPath = join(out, ROOT_FILES.root);
  await rename(join(made, 'root.raw'), diskPath);
  await chmod(diskPath, 0o644);
  const bzImage = await readFile(join(made, 'vmlinuz'));
  await writeFile(join(out, ROOT_FILES.kernel), extractVmlinux(bzImage) ?? bzImage, { mode: 0o644 });
  const [kernelVersion = '', ...packages] = (await readFile(join(made, 'list'), 'utf8')).trim().split('\n');
  const sha256 = {
    kernel: await fileDigest(join(out, ROOT_FILES.kernel), { signal }),
    root: await fileDigest(diskPath, { signal }),
  };
  const facts: RootFacts = { kernelVersion, packages, sha256 };
  await writeFile(join(out, ROOT_FILES.facts), `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o644 });
  await rm(made, { recursive: true });
}

/** What the script finds in its directory. Anybody may write these files, but only who has the directory open can find them. */
async function prepare(made: string, { recipe, customizeScriptPath, out }: RootBuild): Promise<void> {
  await chmod(out, 0o700);
  await mkdir(made, { mode: 0o755 });
  for (const name of ['root.raw', 'vmlinuz', 'list']) {
    await writeFile(join(made, name), '');
    await chmod(join(made, name), 0o666);
  }
  await truncate(join(made, 'root.raw'), recipe.rootGib * 1024 ** 3);
  await copyFile(customizeScriptPath, join(made, 'customize.sh'));
  await chmod(join(made, 'customize.sh'), 0o644);
  if (recipe.additions !== undefined) await putAdditions(made, recipe.additions, customizeScriptPath);
}

async function runMmdebstrap(build: RootBuild, made: string): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  // Without root, mmdebstrap's user can enter none of our directories: the system's temporary one has to do.
  const work = isRoot ? await mkdtemp(join(build.out, 'tmp-')) : tmpdir();
  await using directory = await open(made, 'r');
  try {
    await keepingRoom({ paths: [build.out, work], signal: build.signal }, (signal) =>
      runStage({
        name: 'building the root from packages',
        program: 'setpriv',
        args: [...(isRoot ? IN_NAMESPACES : TIED_TO_US), 'mmdebstrap', ...mmdebstrapArgs(build, isRoot)],
        env: { TMPDIR: work, VOLARY_KERNEL: build.recipe.kernelPackage },
        descriptors: [directory.fd],
        hiddenPaths: isRoot ? [work, build.out] : [build.out],
        signal,
        graceMs: isRoot ? 0 : CLEANING_MS,
        ...(build.recipe.additions === undefined ? {} : { explain: explainAdditions }),
        onLine: (line) => {
          const phase = PHASES.find(([pattern]) => pattern.test(line));
          if (phase !== undefined) build.onProgress(phase[1], phase[2]);
        },
      }),
    );
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
  ...['--pdeathsig=KILL', '--'],
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--'],
];

/** Without root it makes such namespaces itself, and removes its directory, which belongs to other users, when it is asked to end. */
const TIED_TO_US = ['--pdeathsig=TERM', '--'];
const CLEANING_MS = 20_000;

function mmdebstrapArgs({ recipe }: RootBuild, isRoot: boolean): readonly string[] {
  return [
    `--mode=${isRoot ? 'root' : 'unshare'}`,
    '--variant=minbase',
    '--format=null',
    // The disk has been written when it would begin to tidy its tree.
    '--skip=cleanup',
    `--include=${recipe.packages.join(',')}`,
    ...['doc', 'man', 'info', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    '--dpkgopt=path-include=/usr/share/locale/locale.alias',
    // A build that is cut short is thrown away, so nothing of it has to be on the disk before the end.
    '--dpkgopt=force-unsafe-io',
    '--aptopt=APT::Sandbox::User "root"',
    '--customize-hook=sh /proc/self/fd/3/customize.sh "$1"',
    recipe.suite,
    '/dev/null',
  ];
}
