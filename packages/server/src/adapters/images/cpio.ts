/**
 * Writes a cpio archive in the "newc" format, the one the kernel unpacks an initramfs from
 * (Linux: Documentation/driver-api/early-userspace/buffer-format.rst).
 */
export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Uint8Array };

const DIRECTORY = 0o040000;
const FILE = 0o100000;

/** The archive with these entries, in this order (a directory comes before what is in it). Times are 0, owner is root. */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  entries.forEach((entry, i) => {
    const content = entry.kind === 'file' ? entry.content : new Uint8Array();
    const type = entry.kind === 'file' ? FILE : DIRECTORY;
    parts.push(
      header(entry.path, {
        inode: i + 1,
        mode: type | entry.mode,
        links: entry.kind === 'file' ? 1 : 2,
        size: content.length,
      }),
    );
    parts.push(content, padding(content.length));
  });
  parts.push(header('TRAILER!!!', { inode: 0, mode: 0, links: 1, size: 0 }));
  return Buffer.concat(parts);
}

interface Fields {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly size: number;
}

function header(path: string, { inode, mode, links, size }: Fields): Uint8Array {
  const name = Buffer.from(`${path}\0`);
  const [uid, gid, time, major, minor, rMajor, rMinor, check] = [0, 0, 0, 0, 0, 0, 0, 0];
  const numbers = [inode, mode, uid, gid, links, time, size, major, minor, rMajor, rMinor, name.length, check];
  const head = Buffer.from(`070701${numbers.map((n) => n.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([head, name, padding(head.length + name.length)]);
}

/** Zeros up to the next multiple of four. */
function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
