import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Recipe } from './recipe.ts';

/** Raised when the builder makes something else of the same recipe. */
const FORMAT = 1;

/** What the kernel and the root disk depend on: the recipe, the script that finishes them, and this builder. Hex sha256. */
export function rootDigest(recipe: Recipe, customizeScript: string): string {
  const { description: _, modules: __, ...matters } = recipe;
  return sha256(JSON.stringify({ FORMAT, architecture: process.arch, ...matters, customizeScript }));
}

/** What the whole image depends on: the root, the modules in its initramfs, and the agent's sources. Hex sha256. */
export function imageDigest(root: string, recipe: Recipe, agent: string): string {
  return sha256(JSON.stringify({ root, modules: recipe.modules, agent }));
}

/** What the agent's binary depends on: its sources and how they are built. Hex sha256. */
export async function agentDigest(agentPath: string): Promise<string> {
  const hash = createHash('sha256');
  const sources = (await readdir(join(agentPath, 'src'))).sort().map((name) => join('src', name));
  for (const name of ['Makefile', ...sources]) {
    hash
      .update(`${name}\0`)
      .update(await readFile(join(agentPath, name)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Hex sha256 of a file of any size. */
export async function fileDigest(path: string, { signal }: { readonly signal: AbortSignal }): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal });
  return hash.digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
