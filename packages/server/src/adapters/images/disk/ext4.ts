import { open } from 'node:fs/promises';

const SUPERBLOCK_AT = 1_024;
const MAGIC_AT = 0x38;
const MAGIC = 0xef53;

/** True when the disk begins with the file system itself, without a table of partitions. (ext2 and ext3 say the same; ext4 reads them.) */
export async function isExt4(path: string): Promise<boolean> {
  await using file = await open(path, 'r');
  const superblock = Buffer.alloc(MAGIC_AT + 2);
  const { bytesRead } = await file.read(superblock, 0, superblock.length, SUPERBLOCK_AT);
  return bytesRead === superblock.length && superblock.readUInt16LE(MAGIC_AT) === MAGIC;
}
