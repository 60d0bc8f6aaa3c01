import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import { invalidRange } from '../../domain/tool/invalid-tool.ts';
import type { ToolPack, VmTool } from '../../domain/tool/tool.ts';
import { newestOf, parseRange } from '../../domain/tool/version-range.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { Log } from '../../ports/log.ts';
import type { ToolSource } from '../../ports/tool-source.ts';
import { acquireBuildLock } from '../shared/build-lock.ts';
import type { Fetcher } from '../shared/fetch/fetcher.ts';
import { removeParts } from '../shared/in-place.ts';
import { createKeyedLock } from '../shared/keyed-lock.ts';
import { buildPack, recipeOf } from './build-pack.ts';
import type { Catalogue, Source, ToolEntry } from './catalogue.ts';
import { withLibraries } from './debian-libraries.ts';
import { createDebianSource } from './debian-source.ts';
import { createNpmSource } from './npm-source.ts';
import {
  type BuiltPack,
  createPackFinder,
  listPacks,
  notePackUsed,
  removePack,
  requireReadable,
} from './pack-store.ts';
import { unknownTool, unknownVersion, unreachable } from './tool-errors.ts';
import { createUrlSource } from './url-source.ts';
import { createVersionIndex, type VersionIndex } from './version-index.ts';
import type { SourceDeps, VersionSource } from './version-source.ts';

export interface ToolSourceDeps {
  readonly catalogue: Catalogue;
  /** Absolute. */
  readonly cacheDir: string;
  /** May reach the registry and the places that the catalogue names. */
  readonly fetcher: Fetcher;
  /** Of npm, without a slash at its end. */
  readonly registry: string;
  readonly log: Log;
  readonly now: () => number;
}

interface KnownSource {
  readonly source: Source;
  readonly versions: VersionSource;
  readonly index: VersionIndex;
}

interface KnownTool {
  readonly name: string;
  readonly entry: ToolEntry;
  readonly sources: readonly KnownSource[];
  /** Of its sources. A pack by another one was made when the catalogue said something else. */
  readonly recipes: ReadonlySet<string>;
}

/** Packs of the catalogue's tools, built below `<cacheDir>/tools` when they are first asked for. */
export function createToolSource(deps: ToolSourceDeps): ToolSource {
  const { catalogue, cacheDir, log } = deps;
  const directory = join(cacheDir, 'tools');
  const stateDir = join(directory, '.state');
  const building = createKeyedLock();
  const finder = createPackFinder(directory);
  const tools = [...catalogue].map(([name, entry]) => describeTool(name, entry, { ...deps, stateDir }));

  function known(name: string): KnownTool {
    const tool = tools.find((each) => each.name === name) ?? tools.find(({ entry }) => entry.aliases?.includes(name));
    if (tool === undefined) throw unknownTool(name, [...catalogue.keys()]);
    return tool;
  }

  async function find({ name, version }: Pick<VmTool, 'name' | 'version'>, digest?: string): Promise<ToolPack | null> {
    const recipes = tools.find((tool) => tool.name === name)?.recipes;
    // What a VM has been given it keeps; what is given anew is what the catalogue says now.
    const isMeant = (pack: BuiltPack): boolean =>
      digest === undefined ? recipes?.has(pack.recipe) === true : pack.digest === digest;
    return await finder.find({ name, version }, isMeant);
  }

  /** What was made of this version by what the catalogue said before, if nothing else can be had. */
  async function findFormer({ name }: KnownTool, version: string, cause: unknown): Promise<ToolPack> {
    const former = cannotBeFetched(cause) ? await finder.find({ name, version }) : null;
    if (former === null) throw cause;
    log.warn('tool could not be built anew, as the catalogue says now: the former one is used', {
      tool: name,
      version,
    });
    return former;
  }

  async function asResolved(name: string, version: string): Promise<VmTool> {
    return { name, version, digest: (await find({ name, version }))?.digest ?? null };
  }

  /** The source whose versions have this one, and how it is reached. */
  async function sourceOf(tool: KnownTool, version: string, { signal }: Abortable): Promise<KnownSource> {
    const faults: unknown[] = [];
    for (const isFresh of [false, true]) {
      for (const each of tool.sources) {
        const versions = await versionsOf(each, { signal, isFresh }, faults);
        if (versions.includes(version)) return each;
      }
    }
    if (faults.length > 0) throw unreachable(tool.name, version, await instead(tool), faults[0]);
    throw unknownVersion(tool.name, version, await allVersions(tool, { signal }));
  }

  /** What is built of it, or could be had from Debian: for who cannot have what was asked for. */
  async function instead(tool: KnownTool): Promise<readonly string[]> {
    const built = (await finder.versions(tool.name)).map((version) => `${tool.name}@${version}`);
    const debian = tool.sources
      .filter(({ source }) => source.kind === 'debian')
      .map(({ source }) => `${tool.name}@${source.name}`);
    return [...new Set([...built, ...debian])];
  }

  async function allVersions(tool: KnownTool, { signal }: Abortable): Promise<readonly string[]> {
    const faults: unknown[] = [];
    const lists = await Promise.all(tool.sources.map((each) => versionsOf(each, { signal }, faults)));
    const all = [...new Set(lists.flat())];
    if (all.length === 0 && faults.length > 0) throw unreachable(tool.name, null, await instead(tool), faults[0]);
    return sortedNewestFirst(all);
  }

  async function build(
    tool: KnownTool,
    version: string,
    options: Parameters<ToolSource['ensure']>[1],
  ): Promise<ToolPack> {
    const { signal, onProgress } = options;
    await mkdir(stateDir, { recursive: true, mode: 0o755 });
    const onWait = (): void =>
      onProgress({ step: 'prepare', fraction: 0, message: 'waiting for another build to end' });
    using _lock = await acquireBuildLock({ directory, lock: join(directory, '.lock') }, { signal, onWait });
    const ready = await find({ name: tool.name, version });
    if (ready !== null) return ready;
    await removeParts(directory);
    const { source, versions } = await sourceOf(tool, version, { signal });
    const built = { tool: { name: tool.name, version }, source, versions, directory, signal, onProgress };
    await buildPack(built).catch(async (cause: unknown) => {
      throw cause instanceof VolaryError && cause.reason === 'download.unavailable'
        ? unreachable(
            tool.name,
            version,
            (await instead(tool)).filter((text) => text !== `${tool.name}@${source.name}`),
            cause,
          )
        : cause;
    });
    const pack = await find({ name: tool.name, version });
    if (pack === null) throw new TypeError('the pack is not where it was just put');
    // The same bytes by another recipe.
    for (const each of await listPacks(directory, log))
      if (each.digest === pack.digest && each.path !== pack.path) await removePack(each);
    log.info('tool built', { tool: tool.name, version, digest: pack.digest, sizeBytes: pack.sizeBytes });
    return pack;
  }

  return {
    catalogue: async () =>
      tools.map(({ name, entry }) => ({
        ...{ name, description: entry.description, aliases: entry.aliases ?? [] },
        sources: entry.sources.map((source) => source.name),
      })),
    async resolve({ name: asked, range }, { signal }) {
      const tool = known(asked);
      const { name } = tool;
      const built = await finder.versions(name);
      const named = tool.sources.filter(({ source }) => source.name === range);
      const isLatest = range === null || range === 'latest' || named.length > 0;
      const isIn = isLatest ? () => true : parseRange(range);
      if (range !== null && (built.includes(range) || isIn === null)) {
        if (built.includes(range)) return await asResolved(name, range);
        throw invalidRange(name, range);
      }
      const present = isLatest ? null : newestOf(built, isIn ?? undefined);
      if (present !== null) return await asResolved(name, present);
      const faults: unknown[] = [];
      for (const each of named.length > 0 ? named : isLatest ? tool.sources.slice(0, 1) : tool.sources) {
        const found = newestOf(await versionsOf(each, { signal }, faults), isIn ?? undefined);
        if (found !== null) return await asResolved(name, found);
      }
      // What is there is better than nothing, where nobody can be asked what is newest.
      const newest = newestOf(built, isIn ?? undefined);
      if (newest !== null) return await asResolved(name, newest);
      if (faults.length > 0) throw unreachable(name, range, await instead(tool), faults[0]);
      throw unknownVersion(name, range ?? 'latest', await allVersions(tool, { signal }));
    },
    versions: (name, options) => allVersions(known(name), options),
    find,
    async ensure({ name, version }, options) {
      const tool = known(name);
      const present = await find({ name: tool.name, version });
      if (present !== null) return present;
      return await building.run(`${tool.name}@${version}`, async () => {
        options.signal.throwIfAborted();
        const built = await find({ name: tool.name, version });
        return (
          built ?? (await build(tool, version, options).catch((cause: unknown) => findFormer(tool, version, cause)))
        );
      });
    },
    list: () => listPacks(directory, log),
    async noteUsed(digest) {
      const pack = await finder.findDigest(digest);
      if (pack !== null) await notePackUsed(pack);
    },
    async remove(digest) {
      await requireReadable(directory, digest);
      const pack = (await listPacks(directory, log)).find((each) => each.digest === digest);
      if (pack !== undefined) await removePack(pack);
      return pack !== undefined;
    },
  };
}

function describeTool(name: string, entry: ToolEntry, deps: SourceDeps & { readonly now: () => number }): KnownTool {
  const sources = entry.sources.map((source) => {
    const versions = createSource(name, source, deps);
    const key = `versions-${name}-${source.name.replaceAll('/', '_')}`;
    return { source, versions, index: createVersionIndex(versions, { directory: deps.stateDir, key, now: deps.now }) };
  });
  return { name, entry, sources, recipes: new Set(entry.sources.map(recipeOf)) };
}

function createSource(name: string, source: Source, deps: SourceDeps): VersionSource {
  const pack = { home: `/opt/volary/tools/${name}`, stateDir: deps.stateDir };
  switch (source.kind) {
    case 'npm':
      return withLibraries(createNpmSource(source, deps), source, pack);
    case 'debian':
      return createDebianSource(name, source, deps);
    case 'url':
      return withLibraries(createUrlSource(source, deps), source, pack);
    default:
      return source satisfies never;
  }
}

/** Nobody answers, or does not give it any more. */
function cannotBeFetched(cause: unknown): boolean {
  return cause instanceof VolaryError && ['tool.unreachable', 'download.refused'].includes(cause.reason ?? '');
}

/** None where it does not answer; why is added to the faults. */
async function versionsOf(
  { index }: KnownSource,
  options: Abortable & { readonly isFresh?: boolean },
  faults: unknown[],
): Promise<readonly string[]> {
  try {
    return await index.versions(options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof VolaryError)) throw error;
    faults.push(error);
    return [];
  }
}

function sortedNewestFirst(versions: readonly string[]): readonly string[] {
  const left = new Set(versions);
  const sorted: string[] = [];
  for (let newest = newestOf([...left]); newest !== null; newest = newestOf([...left])) {
    sorted.push(newest);
    left.delete(newest);
  }
  return sorted;
}
