import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Manifest } from './manifest.ts';
import type { Recipe } from './recipe.ts';

/** Raised when the builder makes something else of the same recipe. */
const FORMAT = 2;

/** What runs within mmdebstrap, as text. */
export interface Scripts {
  readonly customize: string;
  /** For recipes of users. */
  readonly add: string;
}

/** What the kernel and the root disk are made from: the recipe, the script that finishes them, and this builder. Hex sha256. */
export function rootSources(recipe: Recipe, { customize: customizeScript, add }: Scripts): string {
  const { description: _, modules: __, ...matters } = recipe;
  const ofUsers = recipe.additions === undefined ? {} : { add };
  return sha256(JSON.stringify({ FORMAT, architecture: process.arch, ...matters, customizeScript, ...ofUsers }));
}

/** What the whole image is made from: the root, the modules in its initramfs, and the agent's sources. Hex sha256. */
export function imageSources(root: string, recipe: Recipe, agent: string): string {
  return sha256(JSON.stringify({ root, modules: recipe.modules, agent }));
}

/**
 * What the image *is*. Packages change while a recipe stays as it is, so that a removed image, built again, is another
 * one: a disk that stands on the first must never be given the second. Hex sha256.
 */
export function contentDigest(name: string, files: Manifest['files']): string {
  return sha256(JSON.stringify([name, files.kernel.sha256, files.initramfs.sha256, files.root.sha256]));
}

/** What the agent's binary depends on: its sources and how they are built. Hex sha256. */
export async function agentSources(agentPath: string): Promise<string> {
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

/** Hex sha256 of bytes. */
export function bytesDigest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
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
