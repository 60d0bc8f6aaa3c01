/** Writing tar archives, as POSIX and GNU have them. Names are bytes, given as Latin-1 text. */

export interface TarEntry {
  /** Relative, without a slash in front. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink';
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a file's content; 0 for all else. */
  readonly sizeBytes: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
  /** Of a link; empty for all else. */
  readonly target: string;
}

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const TYPES = { file: '0', hardlink: '1', symlink: '2', directory: '5' } as const;

/** What stands before the entry's content. */
export function tarHeader(entry: TarEntry): Uint8Array {
  const parts = [header(entry, TYPES[entry.type])];
  if (entry.target.length > NAME_BYTES) parts.unshift(longText('K', entry.target));
  if (entry.path.length > NAME_BYTES) parts.unshift(longText('L', entry.path));
  return Buffer.concat(parts);
}

/** What stands behind content of this length, so that the next header begins at a block. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** What ends an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * BLOCK_BYTES);
}

/** GNU's way for a text that is too long for its field: an entry before the entry. */
function longText(type: 'K' | 'L', text: string): Buffer {
  const sizeBytes = text.length + 1;
  const about = { path: '././@LongLink', type: 'file', mode: 0, uid: 0, gid: 0, modifiedAt: 0, target: '' } as const;
  const content = Buffer.alloc(sizeBytes);
  content.write(text, 'latin1');
  return Buffer.concat([header({ ...about, sizeBytes }, type), content, tarPadding(sizeBytes)]);
}

function header({ path, mode, uid, gid, sizeBytes, modifiedAt, target }: TarEntry, type: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(path.slice(0, NAME_BYTES), 0, 'latin1');
  putNumber(block, mode, 100, 8);
  putNumber(block, uid, 108, 8);
  putNumber(block, gid, 116, 8);
  putNumber(block, sizeBytes, 124, 12);
  putNumber(block, modifiedAt, 136, 12);
  block.fill(' ', 148, 156);
  block.write(type, 156, 'latin1');
  block.write(target.slice(0, NAME_BYTES), 157, 'latin1');
  block.write('ustar  \0', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** In octal digits; as a number of bytes where these are too few. */
function putNumber(block: Buffer, value: number, at: number, width: number): void {
  const digits = value.toString(8).padStart(width - 1, '0');
  if (digits.length < width) {
    block.write(`${digits}\0`, at, 'latin1');
    return;
  }
  block[at] = 0x80;
  block.writeUIntBE(value, at + width - 6, 6);
}
