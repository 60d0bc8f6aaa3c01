/**
 * Versions of Debian's packages: one, that of its present release. They are fetched by apt, with lists and keys of their own, and unpacked, not installed: no script of theirs
 * runs. What they need of libraries comes with them, down to the C library, and their programs are made to find it in the pack. So it
 * does not matter what the guest's own system is, and nothing is told to programs that they start.
 */
import { constants } from 'node:fs';
import { access, lstat, mkdir, open, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import type { DebianSource } from './catalogue.ts';
import { requirePrograms, runTool } from './run-tool.ts';
import type { FetchVersion, SourceDeps, VersionSource } from './version-source.ts';

const SUITE = 'bookworm';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const ARCHIVES = [
  `http://deb.debian.org/debian ${SUITE}`,
  `http://deb.debian.org/debian ${SUITE}-updates`,
  `http://deb.debian.org/debian-security ${SUITE}-security`,
];
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
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

export function createDebianSource(
  name: string,
  source: DebianSource,
  { stateDir }: Pick<SourceDeps, 'stateDir'>,
): VersionSource {
  const home = `/opt/volary/tools/${name}`;

  return {
    async versions({ signal }) {
      const apt = await updateLists(join(stateDir, 'apt'), signal);
      const words = await apt('apt-cache', ['show', '--no-all-versions', source.version_of], 'reading package lists');
      const found = /^Version: (\S+)$/m.exec(words)?.[1];
      return found === undefined ? [] : [toolVersion(found)];
    },
    async fetch(request) {
      requirePrograms(['apt-get', 'dpkg-deb', 'patchelf']);
      await unpackPackages(source, request, join(stateDir, 'apt'));
      request.onProgress({ step: 'relocate', fraction: 0.7, message: 'making its programs find their libraries' });
      for (const path of LEFT_OUT) await rm(join(request.into, path), { recursive: true, force: true });
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

type Apt = (program: 'apt-get' | 'apt-cache', args: readonly string[], what: string) => Promise<string>;

/** apt with a state of its own, so that the host's packages, lists and configuration do not matter. */
async function aptIn(directory: string, signal: AbortSignal): Promise<Apt> {
  await access(KEYRING, constants.R_OK).catch((cause: unknown) => {
    throw new VolaryError(
      'failed_precondition',
      "Tools from Debian's packages need Debian's archive keys. On Ubuntu: apt-get install debian-archive-keyring.",
      {
        reason: 'tool.program_missing',
        details: { programs: ["Debian's archive keys"], packages: ['debian-archive-keyring'] },
        cause,
      },
    );
  });
  for (const path of ['state/lists/partial', 'cache/archives/partial', 'etc/apt.conf.d', 'etc/preferences.d'])
    await mkdir(join(directory, path), { recursive: true, mode: 0o755 });
  await writeFile(join(directory, 'status'), '');
  await writeFile(
    join(directory, 'etc/sources.list'),
    ARCHIVES.map((each) => `deb [signed-by=${KEYRING}] ${each} main\n`).join(''),
  );
  await writeFile(
    join(directory, 'apt.conf'),
    [
      `Dir "${directory}"; Dir::State "${directory}/state"; Dir::State::status "${directory}/status";`,
      `Dir::Cache "${directory}/cache"; Dir::Etc "${directory}/etc";`,
      'APT::Architecture "amd64"; APT::Architectures { "amd64"; }; APT::Sandbox::User "root";',
      'APT::Install-Recommends "false"; Acquire::Languages "none"; Acquire::Retries "3";',
    ].join('\n'),
  );
  const env = { APT_CONFIG: join(directory, 'apt.conf'), DEBIAN_FRONTEND: 'noninteractive' };
  return (program, args, what) => runTool(program, args, { what, signal, hidden: [directory], env });
}

async function updateLists(directory: string, signal: AbortSignal): Promise<Apt> {
  requirePrograms(['apt-get', 'apt-cache']);
  const apt = await aptIn(directory, signal);
  await apt('apt-get', ['update', '-q', '--error-on=any'], 'fetching package lists').catch((cause: unknown) => {
    if (!(cause instanceof VolaryError) || cause.reason !== 'tool.build_failed') throw cause;
    throw new VolaryError('unavailable', 'deb.debian.org cannot be reached.', {
      reason: 'download.unavailable',
      cause,
    });
  });
  return apt;
}

async function unpackPackages(source: DebianSource, request: FetchVersion, aptDir: string): Promise<void> {
  const { into, work, signal, onProgress } = request;
  const apt = await aptIn(aptDir, signal);
  onProgress({ step: 'fetch', fraction: 0.1, message: 'downloading packages' });
  await mkdir(join(work, 'partial'), { recursive: true });
  const where = ['-o', `Dir::Cache::archives=${work}`];
  // Checked by apt against the lists, and these by their signature.
  await apt(
    'apt-get',
    ['install', '--download-only', '--yes', '-q', ...where, ...source.packages],
    'downloading packages',
  );
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

/** `program`: it names a loader; `library`: it is loaded by others. Null: it is neither, or needs nothing (static, or an object for a linker). */
export async function elfKind(path: string): Promise<'program' | 'library' | null> {
  await using file = await open(path, 'r');
  const head = Buffer.alloc(64);
  const { bytesRead } = await file.read(head, 0, 64, 0);
  // 64 bits, little-endian: what is built for here.
  if (bytesRead < 64 || !head.subarray(0, 4).equals(ELF) || head[4] !== 2 || head[5] !== 1) return null;
  const [offset, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  const table = Buffer.alloc(size * count);
  await file.read(table, 0, table.length, offset);
  const types = Array.from({ length: count }, (_, at) => table.readUInt32LE(at * size));
  const [DYNAMIC, INTERPRETER] = [2, 3];
  if (!types.includes(DYNAMIC)) return null;
  return types.includes(INTERPRETER) ? 'program' : 'library';
}
