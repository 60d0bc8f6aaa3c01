/**
 * Writes small read-only file systems as ISO 9660 (ECMA-119) with Joliet names beside the plain ones: what every system can mount
 * that can be given a disk. One directory, no times, the same bytes for the same files.
 *
 *   sector 16  primary volume        19  path tables (little and big endian), of each volume
 *          17  Joliet volume         23  directory of the primary volume
 *          18  end of the volumes    24  directory of the Joliet volume      25…  files
 */
const SECTOR = 2048;
const AT = { primary: 16, joliet: 17, end: 18, primaryPaths: 19, jolietPaths: 21, primaryRoot: 23, jolietRoot: 24 };
const FIRST_FILE = 25;
const PATH_TABLE_BYTES = 10;
const NO_DATE = Buffer.from(`${'0'.repeat(16)}\0`, 'latin1');
const DIRECTORY = 2;

/** A file by its name: letters, digits and `-_.`, at most 30, told apart whatever their case. */
export interface IsoFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * The file system with these files; `label` has at most 16 characters. Throws `RangeError` when a name or the label is none, or the
 * directory does not fit its one sector, which has room for two dozen files.
 */
export function writeIso({ label, files }: { readonly label: string; readonly files: readonly IsoFile[] }): Uint8Array {
  if (!/^[A-Za-z0-9_-]{1,16}$/.test(label)) throw new RangeError('the label is none');
  const placed = place(files);
  const end = placed.at(-1)?.end ?? FIRST_FILE;
  const image = Buffer.alloc(end * SECTOR);
  const put = (sector: number, bytes: Uint8Array): void => void image.set(bytes, sector * SECTOR);
  put(AT.primary, volume({ type: 1, label: ascii(label), isJoliet: false, sectors: end }));
  put(AT.joliet, volume({ type: 2, label: ucs2(label), isJoliet: true, sectors: end }));
  put(AT.end, Buffer.concat([Buffer.from([255]), ascii('CD001'), Buffer.from([1])]));
  for (const [paths, root] of [
    [AT.primaryPaths, AT.primaryRoot],
    [AT.jolietPaths, AT.jolietRoot],
  ] as const) {
    put(paths, pathTable(root, true));
    put(paths + 1, pathTable(root, false));
  }
  put(
    AT.primaryRoot,
    directory(AT.primaryRoot, placed, (name) => ascii(`${plain(name)};1`)),
  );
  put(AT.jolietRoot, directory(AT.jolietRoot, placed, ucs2));
  for (const { sector, content } of placed) put(sector, content);
  return image;
}

interface Placed extends IsoFile {
  readonly sector: number;
  readonly end: number;
}

/** In the order of their names, as a directory has to have them. */
function place(files: readonly IsoFile[]): readonly Placed[] {
  const placed: Placed[] = [];
  let sector = FIRST_FILE;
  for (const file of files.toSorted((a, b) => (plain(a.name) < plain(b.name) ? -1 : 1))) {
    if (!/^[A-Za-z0-9_.-]{1,30}$/.test(file.name)) throw new RangeError(`${file.name} is no name for a file`);
    const end = sector + Math.ceil(file.content.length / SECTOR);
    placed.push({ ...file, sector, end });
    sector = end;
  }
  if (new Set(placed.map(({ name }) => plain(name))).size < placed.length)
    throw new RangeError('two files of one name');
  return placed;
}

/** Longer than the eight letters of the standard, as all systems read it: a name that was cut would be another one. */
function plain(name: string): string {
  const upper = name.toUpperCase();
  return upper.includes('.') ? upper : `${upper}.`;
}

interface Volume {
  readonly type: number;
  readonly label: Uint8Array;
  readonly isJoliet: boolean;
  readonly sectors: number;
}

function volume({ type, label, isJoliet, sectors }: Volume): Buffer {
  const descriptor = Buffer.alloc(SECTOR);
  descriptor.set([type, ...ascii('CD001'), 1], 0);
  // Texts that say nothing are spaces, of two bytes each where the letters have two.
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) descriptor[at] = isJoliet && (at - from) % 2 === 0 ? 0 : 0x20;
  };
  blank(8, 40);
  blank(40, 72);
  descriptor.set(label, 40);
  descriptor.set(both32(sectors), 80);
  // UCS-2, level 3: what makes a volume a Joliet one.
  if (isJoliet) descriptor.set(ascii('%/E'), 88);
  descriptor.set(both16(1), 120);
  descriptor.set(both16(1), 124);
  descriptor.set(both16(SECTOR), 128);
  descriptor.set(both32(PATH_TABLE_BYTES), 132);
  const paths = isJoliet ? AT.jolietPaths : AT.primaryPaths;
  descriptor.writeUInt32LE(paths, 140);
  descriptor.writeUInt32BE(paths + 1, 148);
  const root = isJoliet ? AT.jolietRoot : AT.primaryRoot;
  descriptor.set(entry({ name: Buffer.from([0]), sector: root, size: SECTOR, flags: DIRECTORY }), 156);
  blank(190, 813);
  for (const at of [813, 830, 847, 864]) descriptor.set(NO_DATE, at);
  descriptor[881] = 1;
  return descriptor;
}

/** The one directory, which is its own parent. */
function pathTable(root: number, isLittle: boolean): Buffer {
  const table = Buffer.alloc(PATH_TABLE_BYTES);
  table[0] = 1;
  if (isLittle) table.writeUInt32LE(root, 2);
  else table.writeUInt32BE(root, 2);
  if (isLittle) table.writeUInt16LE(1, 6);
  else table.writeUInt16BE(1, 6);
  return table;
}

function directory(sector: number, files: readonly Placed[], nameOf: (name: string) => Uint8Array): Buffer {
  const itself = [0, 1].map((name) => ({ name: Buffer.from([name]), sector, size: SECTOR, flags: DIRECTORY }));
  const others = files.map((file) => ({
    ...{ name: nameOf(file.name), sector: file.sector, size: file.content.length, flags: 0 },
  }));
  const records = Buffer.concat([...itself, ...others].map(entry));
  if (records.length > SECTOR) throw new RangeError('too many files for one sector');
  return records;
}

interface Entry {
  readonly name: Uint8Array;
  readonly sector: number;
  readonly size: number;
  readonly flags: number;
}

function entry({ name, sector, size, flags }: Entry): Buffer {
  const record = Buffer.alloc(33 + name.length + ((name.length + 1) % 2));
  record[0] = record.length;
  record.set(both32(sector), 2);
  record.set(both32(size), 10);
  record[25] = flags;
  record.set(both16(1), 28);
  record[32] = name.length;
  record.set(name, 33);
  return record;
}

function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}

function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

function ascii(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function ucs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}
