import { tarEnd, tarHeader, tarPadding } from '../../../../lib/tar.ts';
import { badRoot } from '../errors.ts';
import { type Ext4, type Inode, openExt4, ROOT_INODE } from './ext4-reader.ts';

const TYPE_BITS = 0o170000;
const DIRECTORY = 0o040000;
const FILE = 0o100000;
const SYMLINK = 0o120000;
const LONGEST_PATH = 4_096;
/** Of no use in a container: the host's kernel is not the image's. */
const LEFT_OUT: ReadonlySet<string> = new Set(['lost+found', 'boot', 'lib/modules', 'usr/lib/modules']);

interface Walk {
  readonly disk: Ext4;
  readonly signal: AbortSignal;
  /** Where files of several names were first seen, by inode. */
  readonly firstPaths: Map<number, string>;
  readonly seenDirectories: Set<number>;
  /** Bytes of content that may still come. */
  bytesLeft: number;
}

/**
 * The files of a root disk as a tar archive: all but devices and what only a machine's own kernel needs. Extended attributes are not taken.
 * `mostBytes` bounds the content, holes included. Throws `failed_precondition` driver.unreadable_root.
 */
export async function* rootTar(
  path: string,
  { mostBytes, signal }: { readonly mostBytes: number; readonly signal: AbortSignal },
): AsyncIterable<Uint8Array> {
  await using disk = await openExt4(path);
  const walk: Walk = { disk, signal, firstPaths: new Map(), seenDirectories: new Set(), bytesLeft: mostBytes };
  yield* directory(walk, '', await disk.readInode(ROOT_INODE));
  yield tarEnd();
}

async function* directory(walk: Walk, path: string, inode: Inode): AsyncIterable<Uint8Array> {
  walk.signal.throwIfAborted();
  if (walk.seenDirectories.has(inode.number)) throw badRoot('its directories go in circles');
  walk.seenDirectories.add(inode.number);
  for (const { name, inode: number } of await walk.disk.readDirectory(inode)) {
    const below = path === '' ? name : `${path}/${name}`;
    if (LEFT_OUT.has(below)) continue;
    if (below.length > LONGEST_PATH) throw badRoot('a path of it is too long');
    yield* entry(walk, below, await walk.disk.readInode(number));
  }
}

async function* entry(walk: Walk, path: string, inode: Inode): AsyncIterable<Uint8Array> {
  const { mode, uid, gid, modifiedAt } = inode;
  const about = { path, mode: mode & 0o7777, uid, gid, modifiedAt, sizeBytes: 0, target: '' };
  switch (mode & TYPE_BITS) {
    case DIRECTORY:
      yield tarHeader({ ...about, path: `${path}/`, type: 'directory' });
      yield* directory(walk, path, inode);
      return;
    case SYMLINK:
      yield tarHeader({ ...about, type: 'symlink', target: await walk.disk.readLinkTarget(inode) });
      return;
    case FILE:
      yield* file(walk, about, inode);
      return;
    default:
    // Devices, pipes and sockets: what of these a container has, its engine gives it.
  }
}

type About = Omit<Parameters<typeof tarHeader>[0], 'type'>;

async function* file(walk: Walk, about: About, inode: Inode): AsyncIterable<Uint8Array> {
  const first = walk.firstPaths.get(inode.number);
  if (first !== undefined) {
    yield tarHeader({ ...about, type: 'hardlink', target: first });
    return;
  }
  if (inode.linkCount > 1) walk.firstPaths.set(inode.number, about.path);
  const { sizeBytes } = inode;
  walk.bytesLeft -= sizeBytes;
  if (walk.bytesLeft < 0) throw badRoot('its files say that they are larger than the disk');
  yield tarHeader({ ...about, type: 'file', sizeBytes });
  yield* walk.disk.readContent(inode);
  yield tarPadding(sizeBytes);
}
