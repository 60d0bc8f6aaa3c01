/**
 * What a qcow2 file says of itself, read before any program opens it: a header that names other files, wants a password or promises an
 * absurd disk is refused by us, whatever the program would make of it. https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.txt
 */
import { backingFile, damaged, encrypted, externalData, notQcow2 } from './disk-errors.ts';

const MAGIC = 0x51_46_49_fb;
/** What a header takes at least, by version. */
const LENGTHS = { 2: 72, 3: 104 } as const;
/** Of a header with its extensions: they lie in the first cluster, and we read no more than this. */
export const HEADER_BYTES = 65_536;

/** Bits of the features that a reader has to know. */
const FEATURES = { dirty: 1n, corrupt: 2n, externalData: 4n, compressionType: 8n, extendedL2: 16n } as const;
const KNOWN = Object.values(FEATURES).reduce((all, bit) => all | bit, 0n);
/** Header extensions that name another file. */
const EXTERNAL_DATA_NAME = 0x44_41_54_41;
const ENCRYPTION = 0x05_37_be_77;
const END = 0;

/** True for what begins as a qcow2 does, whatever else is in it. */
export function isQcow2(beginning: Buffer): boolean {
  return beginning.length >= 4 && beginning.readUInt32BE(0) === MAGIC;
}

/**
 * The virtual size, bytes, of the qcow2 with so many bytes that begins so. Throws `failed_precondition` image.other_format, image.damaged, image.backing_file,
 * image.external_data, image.encrypted.
 */
export function readQcow2Size(beginning: Buffer, fileBytes: number): number {
  if (!isQcow2(beginning)) throw notQcow2();
  const version = beginning.length < 8 ? 0 : beginning.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw damaged();
  if (beginning.length < LENGTHS[version]) throw damaged();
  if (beginning.readBigUInt64BE(8) !== 0n || beginning.readUInt32BE(16) !== 0) throw backingFile();
  if (beginning.readUInt32BE(32) !== 0) throw encrypted();
  if (version === 3) checkVersion3(beginning);
  const clusterBits = beginning.readUInt32BE(20);
  const size = beginning.readBigUInt64BE(24);
  if (clusterBits < 9 || clusterBits > 21 || size > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged();
  // A program that reads tables beyond the end finds zeros there: a disk with nothing in it, and no error.
  const l1 = beginning.readBigUInt64BE(40) + BigInt(beginning.readUInt32BE(36)) * 8n;
  const refcounts = beginning.readBigUInt64BE(48) + (BigInt(beginning.readUInt32BE(56)) << BigInt(clusterBits));
  if (l1 > BigInt(fileBytes) || refcounts > BigInt(fileBytes)) throw damaged();
  return Number(size);
}

function checkVersion3(beginning: Buffer): void {
  const features = beginning.readBigUInt64BE(72);
  if ((features & FEATURES.externalData) !== 0n) throw externalData();
  if ((features & FEATURES.corrupt) !== 0n || (features & ~KNOWN) !== 0n) throw damaged();
  for (let at = beginning.readUInt32BE(100); ; ) {
    // The list ends by itself, or where the part of the file ends that it may lie in.
    if (at % 8 !== 0 || at + 8 > beginning.length) return;
    const [type, length] = [beginning.readUInt32BE(at), beginning.readUInt32BE(at + 4)];
    if (type === END) return;
    if (type === EXTERNAL_DATA_NAME) throw externalData();
    if (type === ENCRYPTION) throw encrypted();
    at += 8 + Math.ceil(length / 8) * 8;
  }
}
