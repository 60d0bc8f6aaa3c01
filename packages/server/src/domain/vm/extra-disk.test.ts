import { expect, test } from 'vitest';
import { checkExtraDisks, emptyDisk, totalDiskGib } from './extra-disk.ts';

const disk = (name: string) => emptyDisk(name, 1);
const content = { source: { location: '/d', sha256: '0'.repeat(64) }, format: 'raw', isLocalAllowed: true } as const;

test('disks have names that a guest can find them by', () => {
  expect(() => checkExtraDisks([disk('data'), disk('a'), disk('a-20-letter-name-is1')])).not.toThrow();
  for (const name of ['', '-a', 'A', 'a/b', 'a'.repeat(21)])
    expect(() => checkExtraDisks([disk(name)])).toThrow('no name');
  expect(() => checkExtraDisks([disk('a'), disk('a')])).toThrow('two of them');
  expect(() => checkExtraDisks([disk('seed')])).toThrow('seed');
  expect(() => checkExtraDisks(Array.from({ length: 9 }, (_, at) => disk(`d${at}`)))).toThrow('at most 8');
});

test('a guest finds each by a name of its own', () => {
  const found = (name: string, target: string | null) => ({ ...disk(name), target });
  expect(() => checkExtraDisks([found('a', 'b'), found('b', 'a')])).not.toThrow();
  expect(() => checkExtraDisks([found('a', 'b'), found('b', null)])).toThrow('find two of them by b');
  expect(() => checkExtraDisks([found('a', 'seed')])).toThrow('seed');
  expect(() => checkExtraDisks([found('a', 'V')])).toThrow('no name');
});

test('a disk is empty and has a size, or begins with something', () => {
  const readonly = { ...disk('a'), content, sizeGib: null, isReadonly: true };
  expect(() => checkExtraDisks([readonly, { ...disk('b'), content, sizeGib: null }])).not.toThrow();
  expect(() => checkExtraDisks([{ ...disk('a'), sizeGib: null }])).toThrow('no size');
  expect(() => checkExtraDisks([{ ...readonly, content: null }])).toThrow('only read');
  expect(() => checkExtraDisks([{ ...readonly, sizeGib: 1 }])).toThrow('as large as its content');
});

test('what all of them may take counts, but for what others share', () => {
  const readonly = { ...disk('c'), content, sizeGib: null, isReadonly: true };
  expect(totalDiskGib({ diskGib: 8, disks: [disk('a'), disk('b'), readonly] })).toBe(10);
});
