import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IsoFile, writeIso } from './iso9660.ts';

const SECTOR = 2048;
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** Reads a directory as ECMA-119 says, from the volume in that sector. */
function read(image: Uint8Array, volume: 16 | 17): ReadonlyMap<string, string> {
  const bytes = Buffer.from(image);
  const files = new Map<string, string>();
  const root = bytes.readUInt32LE(volume * SECTOR + 156 + 2) * SECTOR;
  for (let at = root; bytes[at] !== 0 && at < root + SECTOR; at += bytes[at] ?? 0) {
    const nameBytes = bytes.subarray(at + 33, at + 33 + (bytes[at + 32] ?? 0));
    if (((bytes[at + 25] ?? 0) & 2) !== 0) continue;
    const name = volume === 16 ? nameBytes.toString('latin1') : Buffer.from(nameBytes).swap16().toString('utf16le');
    const [sector, size] = [bytes.readUInt32LE(at + 2), bytes.readUInt32LE(at + 10)];
    expect([bytes.readUInt32BE(at + 6), bytes.readUInt32BE(at + 14)]).toEqual([sector, size]);
    files.set(name, bytes.subarray(sector * SECTOR, sector * SECTOR + size).toString('latin1'));
  }
  return files;
}

describe('an ISO file system', () => {
  it('has its files by their names, and in capitals for whoever reads no others', () => {
    const files = [
      { name: 'user-data', content: text('#cloud-config\n') },
      { name: 'meta-data', content: text('') },
      { name: 'agent.bin', content: new Uint8Array(5000).fill(65) },
    ];

    const image = writeIso({ label: 'cidata', files });

    expect(image.length % SECTOR).toBe(0);
    expect(read(image, 17)).toEqual(
      new Map([
        ['agent.bin', 'A'.repeat(5000)],
        ['meta-data', ''],
        ['user-data', '#cloud-config\n'],
      ]),
    );
    expect([...read(image, 16).keys()]).toEqual(['AGENT.BIN;1', 'META-DATA.;1', 'USER-DATA.;1']);
  });

  it('is known to the system by its label', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'iso-'));
    const path = join(directory, 'seed');
    await writeFile(path, writeIso({ label: 'cidata', files: [{ name: 'a', content: text('b') }] }));

    const told = execFileSync('blkid', ['-p', '-o', 'export', path], { encoding: 'utf8' });

    expect(told).toContain('LABEL=cidata\n');
    expect(told).toContain('TYPE=iso9660\n');
    await rm(directory, { recursive: true });
  });

  it('holds whatever files it is given', () => {
    const name = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
    const file = fc.record({ name, content: fc.uint8Array({ maxLength: 5000 }) });
    fc.assert(
      fc.property(
        fc.uniqueArray(file, { selector: ({ name }) => name, maxLength: 12 }),
        (files: readonly IsoFile[]) => {
          const read17 = read(writeIso({ label: 'x', files }), 17);

          const expected = files.map((each) => [each.name, Buffer.from(each.content).toString('latin1')] as const);
          expect(read17).toEqual(new Map(expected));
        },
      ),
    );
  });

  it('refuses what it cannot hold', () => {
    const file = { name: 'a', content: text('') };
    expect(() => writeIso({ label: 'no label', files: [] })).toThrow(RangeError);
    expect(() => writeIso({ label: 'x', files: [{ ...file, name: 'a/b' }] })).toThrow(RangeError);
    expect(() => writeIso({ label: 'x', files: [file, { ...file, name: 'A' }] })).toThrow(RangeError);
    const many = Array.from({ length: 40 }, (_, i) => ({ ...file, name: `file-number-${i}` }));
    expect(() => writeIso({ label: 'x', files: many })).toThrow(RangeError);
  });
});
