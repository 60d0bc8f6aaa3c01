import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import type { ToolPack, VmTool } from '../../domain/tool/tool.ts';
import { newestOf, parseRange } from '../../domain/tool/version-range.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { Log } from '../../ports/log.ts';
import type { ToolSource } from '../../ports/tool-source.ts';
import { acquireBuildLock } from '../shared/build-lock.ts';
import type { Fetcher } from '../shared/fetch/fetcher.ts';
import { removeParts } from '../shared/in-place.ts';
import { createKeyedLock } from '../shared/keyed-lock.ts';
import { buildPack } from './build-pack.ts';
import type { Catalogue, Source, ToolEntry } from './catalogue.ts';
import { createDebianSource } from './debian-source.ts';
import { createNpmSource } from './npm-source.ts';
import { createPackFinder, listPacks, notePackUsed, removePack } from './pack-store.ts';
import { invalidRange, unknownTool, unknownVersion, unreachable } from './tool-errors.ts';
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
}

/** Packs of the catalogue's tools, built below `<cacheDir>/tools` when they are first asked for. */
export function createToolSource(deps: ToolSourceDeps): ToolSource {
  const { catalogue, cacheDir, log } = deps;
  const directory = join(cacheDir, 'tools');
  const stateDir = join(directory, '.state');
  const building = createKeyedLock();
  const findPack = createPackFinder(directory);
  const tools = [...catalogue].map(([name, entry]) => describeTool(name, entry, { ...deps, stateDir }));

  function known(name: string): KnownTool {
    const tool = tools.find((each) => each.name === name) ?? tools.find(({ entry }) => entry.aliases?.includes(name));
    if (tool === undefined) throw unknownTool(name, [...catalogue.keys()]);
    return tool;
  }

  async function packsOf({ name }: KnownTool): Promise<readonly ToolPack[]> {
    return (await listPacks(directory)).filter((pack) => pack.name === name);
  }

  async function find({ name, version }: Pick<VmTool, 'name' | 'version'>, digest?: string): Promise<ToolPack | null> {
    return await findPack(
      (pack) => pack.name === name && pack.version === version && (digest === undefined || pack.digest === digest),
    );
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
    const built = (await packsOf(tool)).map(({ version }) => `${tool.name}@${version}`);
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
      const isUnreachable = cause instanceof VolaryError && cause.reason === 'download.unavailable';
      throw isUnreachable
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
    log.info('tool built', { tool: tool.name, version, digest: pack.digest, sizeBytes: pack.sizeBytes });
    return pack;
  }

  return {
    catalogue: tools.map(({ name, entry }) => ({
      ...{ name, description: entry.description, aliases: entry.aliases ?? [] },
      sources: entry.sources.map((source) => source.name),
    })),
    async resolve({ name: asked, range }, { signal }) {
      const tool = known(asked);
      const { name } = tool;
      const built = (await packsOf(tool)).map(({ version }) => version);
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
        return (await find({ name: tool.name, version })) ?? (await build(tool, version, options));
      });
    },
    list: () => listPacks(directory),
    async noteUsed(digest) {
      const pack = (await listPacks(directory)).find((each) => each.digest === digest);
      if (pack !== undefined) await notePackUsed(pack);
    },
    async remove(digest) {
      const pack = (await listPacks(directory)).find((each) => each.digest === digest);
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
  return { name, entry, sources };
}

function createSource(name: string, source: Source, deps: SourceDeps): VersionSource {
  switch (source.kind) {
    case 'npm':
      return createNpmSource(source, deps);
    case 'debian':
      return createDebianSource(name, source, deps);
    case 'url':
      return createUrlSource(source, deps);
    default:
      return source satisfies never;
  }
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
