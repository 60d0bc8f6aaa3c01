/**
 * Reads the files of an ext4 file system without mounting it, so without privileges. Whoever made the disk may mean harm: what
 * is read is checked and bounded, and what is not understood is refused. https://docs.kernel.org/filesystems/ext4/
 */
import { type FileHandle, open } from 'node:fs/promises';
import { badRoot } from '../errors.ts';

export interface Inode {
  readonly number: number;
  /** Type and permission bits, as `stat` gives them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
  readonly linkCount: number;
  readonly flags: number;
  /** Where its content is, or for a short symbolic link the content itself. */
  readonly place: Buffer;
}

export interface Ext4 extends AsyncDisposable {
  readInode(number: number): Promise<Inode>;
  /** Names and inode numbers, without `.` and `..`. */
  readDirectory(inode: Inode): Promise<readonly { readonly name: string; readonly inode: number }[]>;
  /** Its bytes, holes filled with zeros. */
  readContent(inode: Inode): AsyncIterable<Uint8Array>;
  readLinkTarget(inode: Inode): Promise<string>;
}

export const ROOT_INODE = 2;
const SUPERBLOCK_AT = 1_024;
const MAGIC = 0xef53;
const EXTENT_MAGIC = 0xf30a;
/** File types, extents, 64-bit, flexible groups, extended attributes in inodes, a seed of checksums, large directories. */
const KNOWN_FEATURES = 0x2 | 0x40 | 0x80 | 0x200 | 0x400 | 0x2000 | 0x4000;
const EXTENTS_FLAG = 0x8_0000;
const DEEPEST_TREE = 5;
const LARGEST_DIRECTORY_BYTES = 64 * 1024 ** 2;
const CHUNK_BYTES = 1024 ** 2;

interface Extent {
  readonly firstBlock: number;
  readonly blockCount: number;
  /** On the disk; null: allocated and never written. */
  readonly startBlock: number | null;
}

/** Throws `failed_precondition` driver.unreadable_root. */
export async function openExt4(path: string): Promise<Ext4> {
  const file = await open(path, 'r');
  try {
    const superblock = await readExactly(file, SUPERBLOCK_AT, 1_024);
    return createReader(file, superblock);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function createReader(file: FileHandle, superblock: Buffer): Ext4 {
  if (superblock.readUInt16LE(0x38) !== MAGIC) throw badRoot('it is no ext4 file system');
  const features = superblock.readUInt32LE(0x60);
  if ((features & ~KNOWN_FEATURES) !== 0)
    throw badRoot(`it has features that are not understood (${features.toString(16)})`);
  const blockBytes = 1_024 << superblock.readUInt32LE(0x18);
  const inodeCount = superblock.readUInt32LE(0);
  const inodesPerGroup = superblock.readUInt32LE(0x28);
  const inodeBytes = superblock.readUInt16LE(0x58);
  const is64Bit = (features & 0x80) !== 0;
  const descriptorBytes = is64Bit ? superblock.readUInt16LE(0xfe) : 32;
  const isSane =
    blockBytes <= 65_536 && inodesPerGroup > 0 && inodeBytes >= 128 && inodeBytes <= 4_096 && descriptorBytes >= 32;
  if (!isSane) throw badRoot('its superblock makes no sense');
  const descriptorsAt = (superblock.readUInt32LE(0x14) + 1) * blockBytes;

  const readBlock = (block: number) => readExactly(file, block * blockBytes, blockBytes);

  async function readInode(number: number): Promise<Inode> {
    if (number < 1 || number > inodeCount) throw badRoot('it names an inode that there is not');
    const group = Math.floor((number - 1) / inodesPerGroup);
    const descriptor = await readExactly(file, descriptorsAt + group * descriptorBytes, descriptorBytes);
    const high = descriptorBytes >= 64 ? descriptor.readUInt32LE(0x28) : 0;
    const table = high * 2 ** 32 + descriptor.readUInt32LE(0x8);
    const raw = await readExactly(file, table * blockBytes + ((number - 1) % inodesPerGroup) * inodeBytes, 128);
    return {
      number,
      mode: raw.readUInt16LE(0),
      uid: raw.readUInt16LE(2) + raw.readUInt16LE(0x78) * 2 ** 16,
      gid: raw.readUInt16LE(0x18) + raw.readUInt16LE(0x7a) * 2 ** 16,
      sizeBytes: raw.readUInt32LE(4) + raw.readUInt32LE(0x6c) * 2 ** 32,
      modifiedAt: raw.readUInt32LE(0x10),
      linkCount: raw.readUInt16LE(0x1a),
      flags: raw.readUInt32LE(0x20),
      place: raw.subarray(0x28, 0x28 + 60),
    };
  }

  async function* extents(node: Buffer, depthLeft = DEEPEST_TREE): AsyncIterable<Extent> {
    if (node.readUInt16LE(0) !== EXTENT_MAGIC || depthLeft === 0) throw badRoot('a tree of extents is damaged');
    const count = Math.min(node.readUInt16LE(2), Math.floor((node.length - 12) / 12));
    const isLeaf = node.readUInt16LE(6) === 0;
    for (let i = 1; i <= count; i++) {
      const entry = node.subarray(i * 12, i * 12 + 12);
      if (!isLeaf) {
        yield* extents(await readBlock(entry.readUInt16LE(8) * 2 ** 32 + entry.readUInt32LE(4)), depthLeft - 1);
        continue;
      }
      const length = entry.readUInt16LE(4);
      const start = entry.readUInt16LE(6) * 2 ** 32 + entry.readUInt32LE(8);
      const isWritten = length <= 32_768;
      const blockCount = isWritten ? length : length - 32_768;
      yield { firstBlock: entry.readUInt32LE(0), blockCount, startBlock: isWritten ? start : null };
    }
  }

  async function* readContent({ flags, place, sizeBytes }: Inode): AsyncIterable<Uint8Array> {
    if (sizeBytes > 0 && (flags & EXTENTS_FLAG) === 0) throw badRoot('a file of it has no extents');
    let at = 0;
    const upTo = (end: number) => Math.min(sizeBytes, end);
    if (sizeBytes > 0) {
      for await (const { firstBlock, blockCount, startBlock } of extents(place)) {
        const begin = firstBlock * blockBytes;
        if (begin < at) throw badRoot('the extents of a file are out of order');
        yield* zeros(upTo(begin) - at);
        at = Math.max(at, upTo(begin));
        const end = upTo(begin + blockCount * blockBytes);
        if (startBlock === null) yield* zeros(end - at);
        else yield* pieces(file, startBlock * blockBytes, end - at);
        at = Math.max(at, end);
      }
    }
    yield* zeros(sizeBytes - at);
  }

  async function readDirectory(inode: Inode) {
    if (inode.sizeBytes > LARGEST_DIRECTORY_BYTES) throw badRoot('a directory of it is too large');
    const chunks: Uint8Array[] = [];
    for await (const chunk of readContent(inode)) chunks.push(chunk);
    const content = Buffer.concat(chunks);
    const found: { name: string; inode: number }[] = [];
    // Its index looks like entries that are not in use.
    for (let at = 0; at + 8 <= content.length; ) {
      const [number, length, nameLength] = [
        content.readUInt32LE(at),
        content.readUInt16LE(at + 4),
        content[at + 6] ?? 0,
      ];
      if (length < 8 || at + length > content.length || nameLength + 8 > length)
        throw badRoot('a directory of it is damaged');
      const name = content.toString('latin1', at + 8, at + 8 + nameLength);
      if (number !== 0 && name !== '.' && name !== '..') {
        if (name === '' || /[/\0]/.test(name)) throw badRoot('a directory of it is damaged');
        found.push({ name, inode: number });
      }
      at += length;
    }
    return found;
  }

  async function readLinkTarget(inode: Inode): Promise<string> {
    if (inode.sizeBytes > 4_096) throw badRoot('a symbolic link of it is too long');
    if ((inode.flags & EXTENTS_FLAG) === 0) return inode.place.toString('latin1', 0, Math.min(60, inode.sizeBytes));
    const chunks: Uint8Array[] = [];
    for await (const chunk of readContent(inode)) chunks.push(chunk);
    return Buffer.concat(chunks).toString('latin1');
  }

  return { readInode, readDirectory, readContent, readLinkTarget, [Symbol.asyncDispose]: () => file.close() };
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (!Number.isSafeInteger(position + length)) throw badRoot('it points beyond its end');
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  if (bytesRead < length) throw badRoot('it ends too early');
  return bytes;
}

async function* pieces(file: FileHandle, position: number, length: number): AsyncIterable<Uint8Array> {
  for (let done = 0; done < length; done += CHUNK_BYTES)
    yield await readExactly(file, position + done, Math.min(CHUNK_BYTES, length - done));
}

function* zeros(length: number): Iterable<Uint8Array> {
  for (let done = 0; done < length; done += CHUNK_BYTES) yield new Uint8Array(Math.min(CHUNK_BYTES, length - done));
}
