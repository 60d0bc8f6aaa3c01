import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareSemver, parseSemver } from '../../lib/semver.ts';
import { toolVersion } from './debian-source.ts';
import { elfKind } from './elf-kind.ts';

test.each([
  ['1:2.39.5-0+deb12u3', '2.39.5+0.deb12u3'],
  ['3.11.2-1+b1', '3.11.2+1.b1'],
  ['1.19.8-2', '1.19.8+2'],
  ['1.63.0+dfsg1-2', '1.63.0+dfsg1.2'],
  ['2:1.19~1', '1.19+1'],
  ['5.2', '5.2'],
])('%s of Debian is %s', (debian, version) => {
  expect(toolVersion(debian)).toBe(version);
  const parsed = parseSemver(version);
  expect(parsed).not.toBeNull();
  // What Debian made of it says nothing of whether it is newer.
  const plain = parseSemver(version.split('+')[0] ?? '');
  expect(parsed !== null && plain !== null && compareSemver(parsed, plain)).toBe(0);
});

test('programs are told from libraries, and from what is neither', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'elf-'));
  try {
    writeFileSync(join(directory, 'script'), '#!/bin/sh\n');
    writeFileSync(join(directory, 'short'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]));
    expect(await elfKind(join(directory, 'script'))).toBeNull();
    expect(await elfKind(join(directory, 'short'))).toBeNull();
    expect(await elfKind('/bin/sh')).toBe('program');
    expect(await elfKind('/lib/x86_64-linux-gnu/libz.so.1')).toBe('library');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
