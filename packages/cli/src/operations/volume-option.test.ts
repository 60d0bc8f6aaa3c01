import { expect, it } from 'vitest';
import { collectVolumes } from './volume-option.ts';

it('names volumes, how a VM has them, and what they are called there', () => {
  expect(collectVolumes('books:ro:disk=data', collectVolumes('logs'))).toEqual([
    { volume: 'logs' },
    { volume: 'books', readonly: true, disk: 'data' },
  ]);
});

it.each(['', ':ro', 'books:rw', 'books:disk=', 'books:'])('says which form it has, of %j', (text) => {
  expect(() => collectVolumes(text)).toThrow('VOLUME');
});
