import type { FileChange, GuestFile } from '../../../../ports/guest-link.ts';
import { guestRefused } from './guest-errors.ts';

interface Entry {
  readonly type: 'file' | 'directory' | 'character';
  mode: number;
  modifiedAtMs: number;
  content: Uint8Array;
  readonly children: Map<string, Entry>;
  /** What a device does with what is written to it. */
  readonly onWrite: ((bytes: Uint8Array) => void) | null;
}

/** A file or directory as it is kept outside of this process. */
export interface KeptEntry {
  readonly path: string;
  readonly mode: number;
  readonly modifiedAtMs: number;
  /** Base64; null for a directory. */
  readonly content: string | null;
}

const EMPTY = new Uint8Array();
/** Linux's bound of a path, bytes with the closing zero. */
const PATH_MAX = 4_096;

/** The files of one simulated disk. Paths are absolute; there are no links, owners or rights: root is the only user. */
export class FileTree {
  readonly #now: () => number;
  readonly #root: Entry;
  readonly #listeners = new Set<(kind: FileChange['kind'], path: string) => void>();

  constructor(now: () => number) {
    this.#now = now;
    this.#root = this.#directory(0o755);
    for (const path of ['/bin', '/dev', '/etc', '/proc', '/root', '/tmp'])
      this.makeDirectory(path, { mode: 0o755, makeParents: false });
  }

  /** Makes a device: what is written to it goes to `onWrite`, and nothing can be read. */
  makeDevice(path: string, onWrite: (bytes: Uint8Array) => void): void {
    const { parent, name } = this.#place(path, true);
    parent.children.set(name, { ...this.#file(0o666), type: 'character', onWrite });
  }

  isDirectory(path: string): boolean {
    return this.#lookUp(path)?.type === 'directory';
  }

  stat(path: string): GuestFile {
    return describe(namesOf(path).at(-1) ?? '/', this.#find(path));
  }

  /** Names in byte order. */
  list(path: string): readonly GuestFile[] {
    const directory = this.#find(path);
    if (directory.type !== 'directory') throw guestRefused('ENOTDIR');
    return [...directory.children]
      .map(([name, entry]) => describe(name, entry))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  read(path: string): Uint8Array {
    const entry = this.#find(path);
    if (entry.type === 'directory') throw guestRefused('EISDIR');
    return entry.content;
  }

  /** Throws what `write` would throw, and changes nothing. */
  checkWritable(path: string, makeParents: boolean): void {
    if (makeParents) return;
    const { parent, name } = this.#place(path, false);
    if (parent.children.get(name)?.type === 'directory') throw guestRefused('EISDIR');
  }

  /** Replaces the content at once. `mode` null keeps what there is, else 0o644. */
  write(
    path: string,
    content: Uint8Array,
    options: { readonly mode: number | null; readonly makeParents: boolean },
  ): void {
    const { parent, name } = this.#place(path, options.makeParents);
    const known = parent.children.get(name);
    if (known?.type === 'directory') throw guestRefused('EISDIR');
    if (known?.onWrite != null) {
      known.onWrite(content);
      return;
    }
    const entry = known ?? this.#file(0o644);
    entry.content = content;
    entry.mode = options.mode ?? entry.mode;
    entry.modifiedAtMs = this.#now();
    parent.children.set(name, entry);
    this.#tell(known === undefined ? 'created' : 'modified', path);
  }

  makeDirectory(path: string, options: { readonly mode: number; readonly makeParents: boolean }): void {
    const { parent, name } = this.#place(path, options.makeParents);
    const known = parent.children.get(name);
    if (known !== undefined) {
      if (options.makeParents && known.type === 'directory') return;
      throw guestRefused('EEXIST');
    }
    parent.children.set(name, this.#directory(options.mode));
    this.#tell('created', path);
  }

  remove(path: string, isRecursive: boolean): void {
    const { parent, name } = this.#place(path, false);
    const entry = parent.children.get(name);
    if (entry === undefined) throw guestRefused('ENOENT');
    if (entry.children.size > 0 && !isRecursive) throw guestRefused('ENOTEMPTY');
    parent.children.delete(name);
    this.#tell('removed', path);
  }

  rename(from: string, to: string): void {
    const source = this.#place(from, false);
    const target = this.#place(to, false);
    const entry = source.parent.children.get(source.name);
    if (entry === undefined) throw guestRefused('ENOENT');
    const replaced = target.parent.children.get(target.name);
    if (replaced?.type === 'directory' && entry.type !== 'directory') throw guestRefused('EISDIR');
    if (replaced !== undefined && replaced.children.size > 0) throw guestRefused('ENOTEMPTY');
    source.parent.children.delete(source.name);
    target.parent.children.set(target.name, entry);
    this.#tell('renamed_from', from);
    this.#tell('renamed_to', to);
  }

  /** Everything on the disk but devices; a directory comes before what is in it. */
  entries(): readonly KeptEntry[] {
    const entriesOf = (parent: string, { children }: Entry): readonly KeptEntry[] =>
      [...children].flatMap(([name, entry]) => {
        const path = `${parent}/${name}`;
        const { type, mode, modifiedAtMs } = entry;
        if (type === 'character') return [];
        const content = type === 'file' ? Buffer.from(entry.content).toString('base64') : null;
        return [{ path, mode, modifiedAtMs, content }, ...entriesOf(path, entry)];
      });
    return entriesOf('', this.#root);
  }

  /** Puts back what `entries` gave, on a disk that has nothing but devices and what every disk has. Tells nobody. */
  restore(entries: readonly KeptEntry[]): void {
    for (const { path, mode, modifiedAtMs, content } of entries) {
      const { parent, name } = this.#place(path, false);
      const made = content === null ? this.#directory(mode) : this.#file(mode);
      const entry = parent.children.get(name) ?? made;
      if (content !== null) entry.content = Buffer.from(content, 'base64');
      entry.mode = mode;
      entry.modifiedAtMs = modifiedAtMs;
      parent.children.set(name, entry);
    }
  }

  /** Becomes what `entries` gave: everything else but devices is gone. Tells nobody. */
  become(entries: readonly KeptEntry[]): void {
    this.#forget(this.#root);
    this.restore(entries);
  }

  /** Tells of each change, with its absolute path, until the returned function is called. */
  onChange(listener: (kind: FileChange['kind'], path: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #forget(directory: Entry): void {
    for (const [name, entry] of directory.children) {
      if (entry.type === 'directory') this.#forget(entry);
      // A directory stays for the devices in it.
      if (entry.type === 'file' || (entry.type === 'directory' && entry.children.size === 0))
        directory.children.delete(name);
    }
  }

  #find(path: string): Entry {
    const entry = this.#lookUp(path);
    if (entry === null) throw guestRefused('ENOENT');
    return entry;
  }

  #lookUp(path: string): Entry | null {
    let entry = this.#root;
    for (const name of namesOf(path)) {
      if (entry.type !== 'directory') throw guestRefused('ENOTDIR');
      const child = entry.children.get(name);
      if (child === undefined) return null;
      entry = child;
    }
    return entry;
  }

  #place(path: string, makeParents: boolean): { readonly parent: Entry; readonly name: string } {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw guestRefused('EEXIST');
    let parent = this.#root;
    for (const [index, one] of names.entries()) {
      if (parent.type !== 'directory') throw guestRefused('ENOTDIR');
      let child = parent.children.get(one);
      if (child === undefined) {
        if (!makeParents) throw guestRefused('ENOENT');
        child = this.#directory(0o755);
        parent.children.set(one, child);
        this.#tell('created', `/${names.slice(0, index + 1).join('/')}`);
      }
      parent = child;
    }
    if (parent.type !== 'directory') throw guestRefused('ENOTDIR');
    return { parent, name };
  }

  #file(mode: number): Entry {
    return { type: 'file', mode, modifiedAtMs: this.#now(), content: EMPTY, children: new Map(), onWrite: null };
  }

  #directory(mode: number): Entry {
    return { type: 'directory', mode, modifiedAtMs: this.#now(), content: EMPTY, children: new Map(), onWrite: null };
  }

  #tell(kind: FileChange['kind'], path: string): void {
    for (const listener of this.#listeners) listener(kind, path);
  }
}

/** The parts of a path. Throws what a guest says of an empty one, one that is too long, or one with a zero byte. */
function namesOf(path: string): string[] {
  if (path === '') throw guestRefused('EINVAL');
  if (path.length >= PATH_MAX) throw guestRefused('ENAMETOOLONG');
  if (path.includes('\0')) throw guestRefused('EINVAL');
  return path.split('/').filter(Boolean);
}

function describe(name: string, entry: Entry): GuestFile {
  return {
    name,
    type: entry.type,
    mode: entry.mode,
    uid: 0,
    gid: 0,
    sizeBytes: entry.content.length,
    modifiedAtMs: entry.modifiedAtMs,
    linkTarget: null,
  };
}
