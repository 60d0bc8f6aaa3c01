import { describe, expect, it } from 'vitest';
import { selectedPage } from './selected-page.ts';

const ROWS = Array.from({ length: 1_500 }, (_, i) => ({
  id: i + 1,
  labels: { parity: i % 2 === 0 ? 'odd' : 'even', ...(i % 600 === 0 ? { rare: '' } : {}) },
}));

let reads = 0;
async function read({ limit, after }: { readonly limit: number; readonly after: number | null }) {
  reads += 1;
  return ROWS.filter(({ id }) => id > (after ?? 0)).slice(0, limit);
}

const list = async (selector: string | undefined, limit: number, after: number | null = null) => {
  const page = { limit, after, ...(selector === undefined ? {} : { selector }) };
  const { items, next } = await selectedPage(page, read);
  return { ids: items.map(({ id }) => id), next };
};

describe('a page by labels', () => {
  it('is full as long as there are such, and goes on where it ended', async () => {
    expect(await list('parity=even', 2)).toEqual({ ids: [2, 4], next: 4 });
    expect(await list('parity=even', 2, 4)).toEqual({ ids: [6, 8], next: 8 });
    expect(await list('rare', 2)).toEqual({ ids: [1, 601], next: 601 });
    expect(await list('rare', 2, 601)).toEqual({ ids: [1_201], next: null });
    expect(await list('none', 2)).toEqual({ ids: [], next: null });
  });

  it('without a selector reads no more than it shows, and one', async () => {
    reads = 0;

    expect(await list(undefined, 2)).toEqual({ ids: [1, 2], next: 2 });
    expect(await list('', 2, 1_498)).toEqual({ ids: [1_499, 1_500], next: null });
    expect(reads).toBe(2);
  });
});
