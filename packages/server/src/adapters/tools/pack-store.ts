/**
 * Packs on this host:
 *
 *   tools/<name>-<version>-<12 digits of the digest>-<8 of the recipe's>/   pack.squashfs, pack.json; the latter's time is when a VM was last given it
 *
 * Each appears by a rename, complete or not at all. Nothing depends on it once a VM has it.
 */
import { rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { VolaryError } from '../../domain/errors.ts';
import type { ToolPack } from '../../domain/tool/tool.ts';
import { integer, oneOf, optional, record, text } from '../../lib/shape.ts';
import type { Log } from '../../ports/log.ts';
import { namesIn } from '../shared/in-place.ts';
import { isUnreadable, readFacts, unlessAbsent, valueIn } from '../shared/read-facts.ts';

export const PACK_FILES = { pack: 'pack.squashfs', facts: 'pack.json' } as const;

const FACTS = record({
  format: oneOf(1),
  name: text,
  version: text,
  digest: text,
  sizeBytes: integer(1),
  builtAt: integer(0),
  recipe: optional(text),
});

/** A pack, and what it was made by. */
export interface BuiltPack extends ToolPack {
  /** `recipeOf` the source that it came from; empty: nobody wrote it down. */
  readonly recipe: string;
}

/** What is written beside a pack. */
export function packFacts(pack: Omit<BuiltPack, 'path' | 'usedAt'>): string {
  return `${JSON.stringify({ format: 1, ...pack }, null, 2)}\n`;
}

export function packDirectoryName({ digest, recipe, ...tool }: Omit<BuiltPack, 'path' | 'usedAt'>): string {
  return `${beginningOf(tool)}${digest.slice(0, 12)}-${recipe.slice(0, 8)}`;
}

function beginningOf({ name, version }: Pick<BuiltPack, 'name' | 'version'>): string {
  return `${name}-${version.replace(/[^0-9A-Za-z.+-]/g, '_')}-`;
}

/** All that are complete, newest first. One that cannot be read now keeps nobody from the others, and is told in the log. */
export async function listPacks(directory: string, log: Log): Promise<readonly BuiltPack[]> {
  const found = await Promise.all(
    (await namesIn(directory)).map((name) =>
      readPack(join(directory, name)).catch((error: unknown) => {
        if (!isUnreadable(error)) throw error;
        log.warn('the pack of a tool cannot be read now; it is not listed', { directory: name, error });
        return null;
      }),
    ),
  );
  return found.filter((pack) => pack !== null).sort((a, b) => b.builtAt - a.builtAt || (a.digest < b.digest ? -1 : 1));
}

interface PackFinder {
  /**
   * The newest pack of this tool that is wanted; null: none is there. Throws `unavailable` host.file_unreadable where there is one of it that cannot be read, and
   * may be the one: it is not built anew for that.
   */
  find(tool: Pick<BuiltPack, 'name' | 'version'>, isWanted?: (pack: BuiltPack) => boolean): Promise<BuiltPack | null>;
  /** The one with this digest; null: it is not there, or cannot be read. */
  findDigest(digest: string): Promise<BuiltPack | null>;
  /** What was built of this tool. */
  versions(tool: string): Promise<readonly string[]>;
}

/**
 * The packs of a directory, looked up often: what a pack is does not change, so that after the first time it costs one look at the names, and one
 * at the file that is found. One that cannot be read keeps nobody from the others.
 */
export function createPackFinder(directory: string): PackFinder {
  const known = new Map<string, BuiltPack>();

  /** What is there, newest first, and what cannot be read of it, by the names of the directories. */
  async function lookUp(isWanted: (pack: BuiltPack) => boolean) {
    const names = await namesIn(directory);
    const unreadable = new Map<string, VolaryError>();
    for (const name of known.keys()) if (!names.includes(name)) known.delete(name);
    for (const name of names.filter((each) => !known.has(each))) {
      try {
        const pack = await readPack(join(directory, name));
        if (pack !== null) known.set(name, pack);
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        unreadable.set(name, error);
      }
    }
    return { packs: [...known.values()].filter(isWanted).sort((a, b) => b.builtAt - a.builtAt), unreadable };
  }

  async function present(packs: readonly BuiltPack[]): Promise<BuiltPack | null> {
    for (const pack of packs) if ((await stat(pack.path).catch(unlessAbsent))?.size === pack.sizeBytes) return pack;
    return null;
  }

  return {
    async find({ name, version }, isWanted = () => true) {
      const isIt = (pack: BuiltPack): boolean => pack.name === name && pack.version === version && isWanted(pack);
      const { packs, unreadable } = await lookUp(isIt);
      const found = await present(packs);
      if (found !== null) return found;
      for (const [each, error] of unreadable) if (each.startsWith(beginningOf({ name, version }))) throw error;
      return null;
    },
    findDigest: async (digest) => await present((await lookUp((pack) => pack.digest === digest)).packs),
    versions: async (tool) => (await lookUp(({ name }) => name === tool)).packs.map(({ version }) => version),
  };
}

/** Throws `unavailable` host.file_unreadable where there is a pack with this digest that cannot be read now, and is in no list therefore. */
export async function requireReadable(directory: string, digest: string): Promise<void> {
  const names = (await namesIn(directory)).filter((name) => name.includes(`-${digest.slice(0, 12)}-`));
  for (const name of names) await readPack(join(directory, name));
}

/** Notes that a VM was given it; absent is fine. */
export async function notePackUsed(pack: ToolPack): Promise<void> {
  const now = new Date();
  await utimes(join(pack.path, '..', PACK_FILES.facts), now, now).catch(unlessAbsent);
}

/** Without its facts it is no pack any more, however far the removal comes. */
export async function removePack(pack: ToolPack): Promise<void> {
  const directory = join(pack.path, '..');
  await rm(join(directory, PACK_FILES.facts), { force: true });
  await rm(directory, { recursive: true, force: true });
}

async function readPack(directory: string): Promise<BuiltPack | null> {
  const path = join(directory, PACK_FILES.pack);
  // Damaged, it is built anew.
  const facts = valueIn(await readFacts(join(directory, PACK_FILES.facts), FACTS));
  const file = await stat(path).catch(unlessAbsent);
  if (facts === null || file?.size !== facts.sizeBytes) return null;
  const { mtimeMs } = await stat(join(directory, PACK_FILES.facts));
  const { name, version, digest, sizeBytes, builtAt, recipe = '' } = facts;
  return { name, version, digest, path, sizeBytes, builtAt, usedAt: Math.round(mtimeMs), recipe };
}
