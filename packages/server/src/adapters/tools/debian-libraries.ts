import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockLists, updateLists } from './apt.ts';
import type { NpmSource, UrlSource } from './catalogue.ts';
import { elfKind } from './elf-kind.ts';
import { requirePrograms, runTool } from './run-tool.ts';
import type { FetchVersion, VersionSource } from './version-source.ts';

/** Where Debian has libraries, and we in a pack. */
const PLACES = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'] as const;

/**
 * A source of programs that were built elsewhere, whose packs get libraries of Debian's, and whose commands find them there: not every guest has what
 * a newer version of a program needs.
 */
export function withLibraries(
  versions: VersionSource,
  source: NpmSource | UrlSource,
  deps: { readonly home: string; readonly stateDir: string },
): VersionSource {
  const { libraries = [] } = source;
  if (libraries.length === 0) return versions;
  return {
    versions: (options) => versions.versions(options),
    async fetch(request) {
      requirePrograms(['apt-get', 'dpkg-deb', 'patchelf']);
      await versions.fetch(request);
      await addLibraries(source, request, deps);
    },
  };
}

async function addLibraries(
  { libraries = [], bin }: NpmSource | UrlSource,
  { into, work, signal, onProgress }: FetchVersion,
  { home, stateDir }: { readonly home: string; readonly stateDir: string },
): Promise<void> {
  onProgress({ step: 'fetch', fraction: 0.65, message: `adding ${libraries.join(', ')}` });
  const debs = join(work, 'libraries');
  await mkdir(debs, { recursive: true });
  await download(libraries, { directory: debs, aptDir: join(stateDir, 'apt'), signal });
  for (const file of (await readdir(debs)).filter((name) => name.endsWith('.deb')))
    await runTool('dpkg-deb', ['--extract', join(debs, file), into], {
      ...{ what: 'unpacking libraries', signal, hidden: [work, into] },
    });
  await rm(join(into, 'usr/share'), { recursive: true, force: true });
  await rm(debs, { recursive: true });
  const rpath = PLACES.map((place) => `${home}/${place}`).join(':');
  for (const program of Object.values(bin).filter((each) => typeof each === 'string')) {
    if ((await elfKind(join(into, program))) === null) continue;
    await runTool('patchelf', ['--set-rpath', rpath, join(into, program)], {
      ...{ what: `making ${program} find its libraries`, signal, hidden: [into] },
    });
  }
}

/** Checked by apt against the lists, and these by their signature. */
async function download(
  packages: readonly string[],
  { directory, aptDir, signal }: { readonly directory: string; readonly aptDir: string; readonly signal: AbortSignal },
): Promise<void> {
  using _lock = await lockLists(aptDir, { signal });
  const apt = await updateLists(aptDir, signal);
  await apt('apt-get', ['download', '-q', ...packages], 'downloading libraries', { cwd: directory });
}
