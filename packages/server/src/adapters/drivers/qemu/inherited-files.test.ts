import { expect, test } from 'vitest';
import type { ContentImage, DirectImage, FirmwareImage } from '../../../domain/image/image.ts';
import { descriptorOf, type FileOrigin, findDescriptor, guestFiles, inheritedFiles } from './inherited-files.ts';

const facts = (name: string) =>
  ({ name, digest: name, rootPath: `/${name}/root`, rootBytes: 1, sizeBytes: 1, builtAt: 0 }) as const;
const DIRECT: DirectImage = {
  ...facts('direct'),
  ...{ boot: 'direct', kernelPath: '/kernel', initramfsPath: '/initramfs', kernelVersion: '6' },
};
const WHOLE: FirmwareImage = { ...facts('whole'), boot: 'firmware', firmware: 'bios' };
const BOOKS: ContentImage = { ...facts('books'), boot: 'none' };
const SAVED = { devicesPath: '/devices', memoryPath: '/memory', addedMemoryPaths: ['/added0', '/added1'] };

const origin = (changes: Partial<FileOrigin>): FileOrigin => ({
  ...{ image: DIRECT, saved: null, contents: new Map([['data', BOOKS]]), seedPath: '/seed' },
  ...changes,
});

/** The names of the files by the paths that a VMM finds at its descriptors. */
function opened(files: ReturnType<typeof inheritedFiles>): readonly (readonly [string, string | undefined])[] {
  const paths = ['in', 'out', 'error', ...files.values()];
  return [...files.keys()].map((name) => [name, paths[descriptorOf(files, name)]]);
}

test('a machine that boots finds its kernel, its disk and what other disks begin with', () => {
  expect(opened(inheritedFiles(origin({})))).toEqual([
    ['kernel', '/kernel'],
    ['initramfs', '/initramfs'],
    ['root', '/direct/root'],
    ['disk-data', '/books/root'],
  ]);
});

test('a whole system finds its seed and has no kernel', () => {
  const files = inheritedFiles(origin({ image: WHOLE }));

  expect(opened(files)).toEqual([
    ['root', '/whole/root'],
    ['seed', '/seed'],
    ['disk-data', '/books/root'],
  ]);
  expect(findDescriptor(files, 'kernel')).toBeNull();
  expect(() => descriptorOf(files, 'kernel')).toThrow('no kernel');
});

test('a machine that is restored finds what was saved of it, whatever it would boot from', () => {
  const saved = [
    ['devices', '/devices'],
    ['memory', '/memory'],
    ['added-memory-0', '/added0'],
    ['added-memory-1', '/added1'],
  ];

  expect(opened(inheritedFiles(origin({ saved: SAVED, contents: new Map() })))).toEqual([
    ...saved,
    ['root', '/direct/root'],
  ]);
  expect(opened(inheritedFiles(origin({ saved: SAVED, image: WHOLE, contents: new Map() })))).toEqual([
    ...saved,
    ['root', '/whole/root'],
    ['seed', '/seed'],
  ]);
});

test('a guest that is no VM has a disk only if it is given one', () => {
  expect([...guestFiles(DIRECT, { hasDisk: false }).keys()]).toEqual(['kernel', 'initramfs']);
  expect([...guestFiles(DIRECT, { hasDisk: true }).keys()]).toEqual(['kernel', 'initramfs', 'root']);
});
