import { expect, test } from 'vitest';
import { MOST_PACKS } from '../../../../ports/machine-packs.ts';
import { deviceDigestOf } from '../device-digest.ts';
import type { InheritedFiles } from '../inherited-files.ts';
import { ATTACHMENTS, addedDeviceArguments, NO_ATTACHMENTS } from './attachments.ts';
import { contentKeyOf, hasPackDisk, offsetOf, packDescriptor, packDiskArguments } from './pack-disk.ts';

const DIGEST = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

function packAt(slot: number, digest = DIGEST) {
  return { name: 'one', version: '1', digest, slot, sizeBytes: 4096 };
}

test('the descriptor lays each file at its place, and is of one size whatever is on it', () => {
  const sizeOf = (text: string): number =>
    [...text.matchAll(/^RW (\d+) FLAT/gm)].reduce((sum, [, sectors]) => sum + Number(sectors), 0);
  const full = Array.from({ length: MOST_PACKS }, (_, slot) => packAt(slot));

  const text = packDescriptor([packAt(2, OTHER), packAt(0)]);

  const files = [...text.matchAll(/FLAT "(.*)" 0$/gm)].map(([, name]) => name);
  expect(files).toEqual([`pack-${DIGEST}`, 'packs.none', `pack-${OTHER}`, 'packs.none']);
  expect(sizeOf(text)).toBe(sizeOf(packDescriptor([])));
  expect(sizeOf(packDescriptor(full))).toBe(sizeOf(text));
  expect(offsetOf(packAt(2))).toBe(2 * 16 * 1024 ** 3);
});

test('what is on the disk is told by its content, and does not make another machine', () => {
  const none = packDiskArguments(null);
  const some = packDiskArguments(contentKeyOf([packAt(0)]));

  expect(contentKeyOf([])).toBeNull();
  expect(contentKeyOf([packAt(0), packAt(1, OTHER)])).toBe(contentKeyOf([packAt(1, OTHER), packAt(0)]));
  expect(contentKeyOf([packAt(0)])).not.toBe(contentKeyOf([packAt(1)]));
  expect(some).not.toEqual(none);
  expect(deviceDigestOf(some)).toBe(deviceDigestOf(none));
  expect(hasPackDisk(some)).toBe(true);
  expect(hasPackDisk(['-device', 'virtio-blk-pci,id=disk0'])).toBe(false);
});

test('a device that was added while the machine ran is on the command line of what is restored, and makes no other machine', () => {
  const devices = [
    {
      object: { 'qom-type': 'memory-backend-ram', id: 'added-memory1', size: 1024 },
      device: { driver: 'pc-dimm', id: 'added-dimm1', memdev: 'added-memory1' },
    },
  ];
  const base = packDiskArguments(null);
  const files: InheritedFiles = new Map([
    ['devices', ''],
    ['memory', ''],
    ['added-memory-0', ''],
  ]);

  const args = [...base, ...addedDeviceArguments({ ...NO_ATTACHMENTS, devices }, files)];

  expect(args.slice(base.length)).toEqual([
    '-object',
    // What was its own memory is what was saved of it.
    '{"qom-type":"memory-backend-file","id":"added-memory1","size":1024,"mem-path":"/dev/fd/5","share":false}',
    '-device',
    '{"driver":"pc-dimm","id":"added-dimm1","memdev":"added-memory1"}',
  ]);
  expect(deviceDigestOf(args)).toBe(deviceDigestOf(base));
  expect(ATTACHMENTS({ packs: [], devices })).toBe(true);
  // Whatever is not called so would be taken for a device of the machine itself.
  expect(ATTACHMENTS({ packs: [], devices: [{ object: null, device: { driver: 'pc-dimm', id: 'dimm1' } }] })).toBe(
    false,
  );
  expect(ATTACHMENTS({ packs: [{ ...packAt(0), digest: '../../etc' }] })).toBe(false);
});
