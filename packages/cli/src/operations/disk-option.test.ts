import { expect, test } from 'vitest';
import { collectDisks } from './disk-option.ts';

test('a disk is named with its size, with what it begins with, or with both', () => {
  const sha256 = 'ab'.repeat(32);

  expect(collectDisks('data=20g')).toEqual([{ name: 'data', size_gib: 20 }]);
  expect(collectDisks(`books,url=https://example.com/a?b=c,sha256=${sha256},format=qcow2,readonly`)).toEqual([
    { name: 'books', url: 'https://example.com/a?b=c', sha256, format: 'qcow2', readonly: true },
  ]);
  expect(collectDisks('logs=1,target=vdb', [{ name: 'data', size_gib: 2 }])).toEqual([
    { name: 'data', size_gib: 2 },
    { name: 'logs', size_gib: 1, target: 'vdb' },
  ]);
  for (const wrong of ['', 'data', '=1', 'data=1,format=vmdk', 'data=1,readonly=yes', 'data=1,colour=red', 'data=x'])
    expect(() => collectDisks(wrong), wrong).toThrow();
});
