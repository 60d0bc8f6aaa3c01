/**
 * Versions of Debian's packages: one, that of its present release. They are fetched by apt, with lists and keys of their own, and unpacked, not installed: no script of theirs
 * runs. What they need of libraries comes with them, down to the C library, and their programs are made to find it in the pack. So it
 * does not matter what the guest's own system is, and nothing is told to programs that they start.
 */
import { lstat, mkdir, readdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { aptIn, lockLists, updateLists } from './apt.ts';
import type { DebianSource } from './catalogue.ts';
import { elfKind } from './elf-kind.ts';
import { requirePrograms, runTool } from './run-tool.ts';
import type { FetchVersion, SourceDeps, VersionSource } from './version-source.ts';

const LOADER = 'lib/x86_64-linux-gnu/ld-linux-x86-64.so.2';
/** Where libraries are in a pack. */
const LIBRARIES = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu'];
/** Nobody needs it to run them. */
const LEFT_OUT = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/info',
  'usr/share/locale',
  'usr/share/lintian',
  'etc',
  'var',
];

export function createDebianSource(
  name: string,
  source: DebianSource,
  { stateDir }: Pick<SourceDeps, 'stateDir'>,
): VersionSource {
  const home = `/opt/volary/tools/${name}`;

  return {
    async versions({ signal }) {
      const directory = join(stateDir, 'apt');
      using _lock = await lockLists(directory, { signal });
      const apt = await updateLists(directory, signal);
      const words = await apt('apt-cache', ['show', '--no-all-versions', source.version_of], 'reading package lists');
      const found = /^Version: (\S+)$/m.exec(words)?.[1];
      return found === undefined ? [] : [toolVersion(found)];
    },
    async fetch(request) {
      requirePrograms(['apt-get', 'dpkg-deb', 'patchelf']);
      await unpackPackages(source, request, join(stateDir, 'apt'));
      request.onProgress({ step: 'relocate', fraction: 0.7, message: 'making its programs find their libraries' });
      await leaveOut(request.into, join(request.work, 'kept'), source.keep ?? []);
      await makeLinksRelative(request.into, request.into);
      await relocate(request.into, { home, untouched: source.untouched ?? [], signal: request.signal });
    },
  };
}

/** `1:2.39.5-0+deb12u3` is 2.39.5 for whoever asks, and what Debian made of it stands behind a plus: `2.39.5+0.deb12u3`. */
export function toolVersion(debian: string): string {
  const [, upstream = debian, revision] = /^(?:[0-9]+:)?([^-]+)(?:-(.*))?$/.exec(debian) ?? [];
  const [numbers = upstream, ...rest] = upstream.split(/[+~]/);
  const build = [...rest, ...(revision === undefined ? [] : [revision])].join('.').replace(/[^0-9A-Za-z.-]+/g, '.');
  return build === '' ? numbers : `${numbers}+${build}`;
}

async function unpackPackages(source: DebianSource, request: FetchVersion, aptDir: string): Promise<void> {
  const { into, work, signal, onProgress } = request;
  await download(source.packages, request, aptDir);
  const omitted = new Set(source.omit ?? []);
  const files = (await readdir(work)).filter((file) => file.endsWith('.deb'));
  for (const [index, file] of files.entries()) {
    if (omitted.has(file.split('_')[0] ?? '')) continue;
    onProgress({
      step: 'unpack',
      fraction: 0.4 + (0.3 * index) / files.length,
      message: `unpacking ${file.split('_')[0]}`,
    });
    await runTool('dpkg-deb', ['--extract', join(work, file), into], {
      what: 'unpacking packages',
      signal,
      hidden: [work, into],
    });
  }
  for (const file of files) await rm(join(work, file), { force: true });
}

async function download(
  packages: readonly string[],
  { work, signal, onProgress }: FetchVersion,
  aptDir: string,
): Promise<void> {
  const onWait = (): void => onProgress({ step: 'fetch', fraction: 0.1, message: 'waiting for other package lists' });
  using _lock = await lockLists(aptDir, { signal, onWait });
  const apt = await aptIn(aptDir, signal);
  onProgress({ step: 'fetch', fraction: 0.1, message: 'downloading packages' });
  await mkdir(join(work, 'partial'), { recursive: true });
  const where = ['-o', `Dir::Cache::archives=${work}`];
  // Checked by apt against the lists, and these by their signature.
  await apt('apt-get', ['install', '--download-only', '--yes', '-q', ...where, ...packages], 'downloading packages');
}

/** Of what is left out, some may be kept: it lies in `aside` meanwhile, on the same file system. */
async function leaveOut(root: string, aside: string, keep: readonly string[]): Promise<void> {
  for (const [index, path] of keep.entries()) {
    await mkdir(aside, { recursive: true });
    await rename(join(root, path), join(aside, `${index}`));
  }
  for (const path of LEFT_OUT) await rm(join(root, path), { recursive: true, force: true });
  for (const [index, path] of keep.entries()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await rename(join(aside, `${index}`), join(root, path));
  }
}

/** Absolute links are to places of the system that they were made for. */
async function makeLinksRelative(root: string, directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await makeLinksRelative(root, path);
    if (!entry.isSymbolicLink()) continue;
    const target = await readlink(path);
    if (!target.startsWith('/')) continue;
    await rm(path);
    await symlink(relative(dirname(path), join(root, target)), path);
  }
}

async function relocate(
  root: string,
  {
    home,
    untouched,
    signal,
  }: { readonly home: string; readonly untouched: readonly string[]; readonly signal: AbortSignal },
): Promise<void> {
  const rpath = LIBRARIES.map((path) => `${home}/${path}`).join(':');
  const hasLoader = await stat(join(root, LOADER)).then(
    () => true,
    () => false,
  );
  for (const path of await filesBelow(root)) {
    const place = relative(root, path);
    const isUntouched = untouched.some((each) => place === each || place.startsWith(`${each}/`));
    // The C library and its loader find nothing by such a path, and are not to be written to.
    if (isUntouched || /\/(ld-linux|libc\.so|libc-)/.test(path)) continue;
    const kind = await elfKind(path);
    if (kind === null) continue;
    const options = kind === 'program' && hasLoader ? ['--set-interpreter', `${home}/${LOADER}`] : [];
    await runTool('patchelf', [...options, '--set-rpath', rpath, path], {
      ...{ what: `making ${place} find its libraries`, signal, hidden: [root] },
    });
  }
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const entry = await lstat(path);
    if (entry.isDirectory()) found.push(...(await filesBelow(path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}
