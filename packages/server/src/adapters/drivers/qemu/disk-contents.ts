/** What the disks besides the root of one VM begin with, kept in the data directory as its image is. */
import type { ContentImage } from '../../../domain/image/image.ts';
import type { ExtraDisk } from '../../../domain/vm/extra-disk.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { imageLost } from './errors.ts';
import type { KeptImages } from './kept-images.ts';
import type { VmDirectory } from './vm-directory.ts';
import { baseDigestOf, volumesBeside } from './volumes/volume-files.ts';

/** By the names of the disks. */
export type DiskContents = ReadonlyMap<string, ContentImage>;

/** What is written down of them, by the names of the disks; undefined where there are none. */
export function digestsOf(contents: DiskContents): Record<string, string> | undefined {
  if (contents.size === 0) return undefined;
  return Object.fromEntries([...contents].map(([name, { digest }]) => [name, digest]));
}

/** Keeps all of them; `use` writes down who needs them. Throws as `KeptImages.keepContent`. */
export async function keepContents(
  contents: DiskContents,
  images: KeptImages,
  options: Abortable,
  use: () => Promise<void>,
): Promise<void> {
  const distinct = new Map([...contents.values()].map((content) => [content.digest, content]));
  // In one order for all VMs, so that no two wait for each other.
  const inOrder = [...distinct.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const keepFrom = async (at: number): Promise<void> => {
    const content = inOrder[at];
    if (content === undefined) return await use();
    await images.keepContent(content, options, () => keepFrom(at + 1));
  };
  await keepFrom(0);
}

/** Those that were written down, as they are kept. Throws `data_loss` image.lost. */
export async function findContents(
  digests: Readonly<Record<string, string>> | undefined,
  images: KeptImages,
): Promise<DiskContents> {
  const found = new Map<string, ContentImage>();
  for (const [name, digest] of Object.entries(digests ?? {})) {
    const content = await images.findContent(digest);
    if (content === null) throw imageLost({ disk: name, digest });
    found.set(name, content);
  }
  return found;
}

/** What the volumes among these disks are overlays on, by the names of the disks. Throws `data_loss` image.lost, driver.disk_damaged. */
export async function volumeContents(
  directory: VmDirectory,
  disks: readonly ExtraDisk[],
  images: KeptImages,
): Promise<DiskContents> {
  const digests: Record<string, string> = {};
  for (const { name, volume } of disks) {
    const digest = volume === null ? null : await baseDigestOf(volumesBeside(directory), volume);
    if (digest !== null) digests[name] = digest;
  }
  return await findContents(digests, images);
}
