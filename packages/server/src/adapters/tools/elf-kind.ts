import { open } from 'node:fs/promises';

const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

/** `program`: it names a loader; `library`: it is loaded by others. Null: it is neither, or needs nothing (static, or an object for a linker). */
export async function elfKind(path: string): Promise<'program' | 'library' | null> {
  await using file = await open(path, 'r');
  const head = Buffer.alloc(64);
  const { bytesRead } = await file.read(head, 0, 64, 0);
  // 64 bits, little-endian: what is built for here.
  if (bytesRead < 64 || !head.subarray(0, 4).equals(ELF) || head[4] !== 2 || head[5] !== 1) return null;
  const [offset, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  const table = Buffer.alloc(size * count);
  await file.read(table, 0, table.length, offset);
  const types = Array.from({ length: count }, (_, at) => table.readUInt32LE(at * size));
  const [DYNAMIC, INTERPRETER] = [2, 3];
  if (!types.includes(DYNAMIC)) return null;
  return types.includes(INTERPRETER) ? 'program' : 'library';
}
