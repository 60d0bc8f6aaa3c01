import { describe, expect, it } from 'vitest';
import { emptyDisk } from '../../domain/vm/extra-disk.ts';
import type { AskedTemplate } from '../../engine/apis/template-api.ts';
import { faultsOf, read } from './read-manifest.test-kit.ts';

const SHA = 'ab'.repeat(32);

/* Each field of a disk by its path: what comes of it. */
const EFFECTS: readonly (readonly [string, object, (made: AskedTemplate) => unknown, unknown])[] = [
  [
    'disks',
    { disks: [{ name: 'data', size_gib: 2, readonly: false }] },
    ({ content }) => content.spec.disks,
    [emptyDisk('data', 2)],
  ],
  [
    'disks[0].source',
    { disks: [{ name: 'data', source: 'https://example.com/d', checksum: `sha256:${SHA}`, format: 'qcow2' }] },
    ({ content }) => content.spec.disks,
    [
      {
        ...emptyDisk('data', 1),
        sizeGib: null,
        content: { source: { location: 'https://example.com/d', sha256: SHA }, format: 'qcow2', isLocalAllowed: false },
      },
    ],
  ],
  [
    'disks[0].format',
    { disks: [{ name: 'data', size_gib: 3, source: 'file:///d', checksum: SHA, format: 'ext4' }] },
    ({ content }) => content.spec.disks?.[0],
    {
      ...emptyDisk('data', 3),
      content: { source: { location: '/d', sha256: SHA }, format: 'raw', isLocalAllowed: false },
    },
  ],
  [
    'disks[0].readonly',
    { disks: [{ name: 'data', source: '/d', checksum: SHA, readonly: true }] },
    ({ content }) => content.spec.disks?.[0]?.isReadonly,
    true,
  ],
  [
    'disks[0].target',
    { disks: [{ name: 'data', size_gib: 2, target: 'vdb' }] },
    ({ content }) => content.spec.disks,
    [{ ...emptyDisk('data', 2), target: 'vdb' }],
  ],
];

/* Each that is refused, by its path. */
const REFUSED: readonly (readonly [string, object])[] = [
  ['disks[0].source', { disks: [{ name: 'data', source: 'ftp://example.com/d', checksum: SHA }] }],
  ['disks[0].checksum', { disks: [{ name: 'data', source: 'https://example.com/d' }] }],
  ['disks[0].checksum', { disks: [{ name: 'data', source: 'https://example.com/d', checksum: 'sha256:abc' }] }],
  ['disks[0].checksum', { disks: [{ name: 'data', size_gib: 1, checksum: SHA }] }],
  ['disks[0].format', { disks: [{ name: 'data', size_gib: 1, format: 'raw' }] }],
  ['disks[0].readonly', { disks: [{ name: 'data', size_gib: 1, readonly: true }] }],
  ['disks[0].format', { disks: [{ name: 'data', source: '/d', checksum: SHA, format: 'vmdk' }] }],
  ['disks[0].target', { disks: [{ name: 'data', size_gib: 1, target: 'v/b' }] }],
  ['disks[0].size_gib', { disks: [{ name: 'data', source: '/d', checksum: SHA, readonly: true, size_gib: 1 }] }],
  ['disks[0].size_gib', { disks: [{ name: 'data' }] }],
];

describe('a disk of a manifest', () => {
  it.each(EFFECTS)('has its %s take effect', async (_, fields, find, expected) => {
    expect(find(await read(fields))).toEqual(expected);
  });

  it.each(REFUSED)('is refused by the path %s (%o)', async (path, fields) => {
    expect(Object.keys(await faultsOf(fields))).toEqual([path]);
  });
});
