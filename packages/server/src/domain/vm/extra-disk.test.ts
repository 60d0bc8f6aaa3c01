import { expect, test } from 'vitest';
import { checkExtraDisks, totalDiskGib } from './extra-disk.ts';

const disk = (name: string) => ({ name, sizeGib: 1 });

test('disks have names that a guest can find them by', () => {
  expect(() => checkExtraDisks([disk('data'), disk('a'), disk('a-20-letter-name-is1')])).not.toThrow();
  for (const name of ['', '-a', 'A', 'a/b', 'a'.repeat(21)])
    expect(() => checkExtraDisks([disk(name)])).toThrow('no name');
  expect(() => checkExtraDisks([disk('a'), disk('a')])).toThrow('two of them');
  expect(() => checkExtraDisks([disk('seed')])).toThrow('seed');
  expect(() => checkExtraDisks(Array.from({ length: 9 }, (_, at) => disk(`d${at}`)))).toThrow('at most 8');
});

test('what all of them may take counts', () => {
  expect(totalDiskGib({ diskGib: 8, disks: [disk('a'), disk('b')] })).toBe(10);
});
