import { readFile } from 'node:fs/promises';
import type { DirectImage } from '../../domain/image/image.ts';
import type { Abortable } from '../../ports/guest-link.ts';

/** The image that is always ours: our kernel and our agent are in it. Made when it is not there; throws as `ImageSource.ensure`. */
export type OwnImage = (options: Abortable) => Promise<DirectImage>;

/** Of a header in the "newc" format: its length, and where its numbers stand, eight hexadecimal digits each. */
const HEADER = { length: 110, size: 54, nameSize: 94 } as const;
const MAGIC = '070701';
/** The agent is the first program of our images. */
const AGENT = 'init';

/** The guest agent as a program, out of the initramfs of an image of ours: static, it runs in any system. */
export async function readOwnAgent({ initramfsPath }: DirectImage): Promise<Uint8Array> {
  const archive = await readFile(initramfsPath);
  for (let at = 0; archive.toString('latin1', at, at + MAGIC.length) === MAGIC; ) {
    const number = (offset: number): number =>
      Number.parseInt(archive.toString('latin1', at + offset, at + offset + 8), 16);
    const [size, nameSize] = [number(HEADER.size), number(HEADER.nameSize)];
    const nameAt = at + HEADER.length;
    const contentAt = aligned(nameAt + nameSize);
    // The zero that ends it is counted.
    const name = archive.toString('latin1', nameAt, nameAt + nameSize - 1);
    if (name === AGENT) return archive.subarray(contentAt, contentAt + size);
    at = aligned(contentAt + size);
  }
  throw new TypeError('an image of ours has no agent');
}

function aligned(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}
