/**
 * Packs on this host:
 *
 *   tools/<name>-<version>-<12 digits of the digest>-<8 of the recipe's>/   pack.squashfs, pack.json; the latter's time is when a VM was last given it
 *
 * Each appears by a rename, complete or not at all. Nothing depends on it once a VM has it.
 */
import { rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToolPack } from '../../domain/tool/tool.ts';
import { integer, oneOf, optional, record, text } from '../../lib/shape.ts';
import { namesIn } from '../shared/in-place.ts';
import { readFacts, unlessAbsent, valueIn } from '../shared/read-facts.ts';

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

export function packDirectoryName({ name, version, digest, recipe }: Omit<BuiltPack, 'path' | 'usedAt'>): string {
  return `${name}-${version.replace(/[^0-9A-Za-z.+-]/g, '_')}-${digest.slice(0, 12)}-${recipe.slice(0, 8)}`;
}

/** All that are complete, newest first. */
export async function listPacks(directory: string): Promise<readonly BuiltPack[]> {
  const found = await Promise.all((await namesIn(directory)).map((name) => readPack(join(directory, name))));
  return found.filter((pack) => pack !== null).sort((a, b) => b.builtAt - a.builtAt || (a.digest < b.digest ? -1 : 1));
}

interface PackFinder {
  /** The newest of those; null: none is there. */
  find(isWanted: (pack: BuiltPack) => boolean): Promise<BuiltPack | null>;
  /** What was built of this tool. */
  versions(tool: string): Promise<readonly string[]>;
}

/**
 * The packs of a directory, looked up often: what a pack is does not change, so that after the first time it costs one look at the names, and one
 * at the file that is found.
 */
export function createPackFinder(directory: string): PackFinder {
  const known = new Map<string, BuiltPack>();

  async function lookUp(isWanted: (pack: BuiltPack) => boolean): Promise<readonly BuiltPack[]> {
    const names = await namesIn(directory);
    for (const name of known.keys()) if (!names.includes(name)) known.delete(name);
    for (const name of names.filter((each) => !known.has(each))) {
      const pack = await readPack(join(directory, name));
      if (pack !== null) known.set(name, pack);
    }
    return [...known.values()].filter(isWanted).sort((a, b) => b.builtAt - a.builtAt);
  }

  return {
    async find(isWanted) {
      for (const pack of await lookUp(isWanted))
        if ((await stat(pack.path).catch(unlessAbsent))?.size === pack.sizeBytes) return pack;
      return null;
    },
    versions: async (tool) => (await lookUp(({ name }) => name === tool)).map(({ version }) => version),
  };
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
