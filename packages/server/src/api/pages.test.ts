import { describe, expect, it } from 'vitest';
import type { Page } from '../engine/requests.ts';
import { createPagesWriter, itemsOf, pagesOf } from './pages.ts';

/** A list of so many numbers, whose pages are kept as the engine keeps its own. */
function listOf(count: number) {
  const kept = new Map<number, Page<number, number>>();
  return async ({ limit, after }: { readonly limit: number; readonly after: number | null }) => {
    const from = after === null ? 0 : after + 1;
    const until = Math.min(count, from + limit);
    const items = Array.from({ length: until - from }, (_, index) => from + index);
    const page = kept.get(from) ?? { items, next: until < count ? until - 1 : null };
    kept.set(from, page);
    return page;
  };
}

describe('all that the engine has', () => {
  it.each([0, 1, 200, 201, 1_000])('is %i things in their order, however many pages that is', async (count) => {
    const pages = await pagesOf(listOf(count));

    expect(itemsOf(pages)).toEqual(Array.from({ length: count }, (_, index) => index));
    expect(pages).toHaveLength(Math.max(1, Math.ceil(count / 200)));
  });
});

describe('bytes of pages', () => {
  it('are the same as long as each of the pages is', async () => {
    const bytesOf = createPagesWriter((pages: readonly Page<number, number>[]) => itemsOf(pages));
    const list = listOf(201);
    const pages = await pagesOf(list);
    const bytes = bytesOf(pages);

    expect(JSON.parse(String(bytes))).toEqual(itemsOf(pages));
    expect(bytesOf(await pagesOf(list))).toBe(bytes);
    const [first = { items: [], next: null }] = pages;
    expect(JSON.parse(String(bytesOf([first, { items: [7], next: null }])))).toEqual([...first.items, 7]);
    expect(JSON.parse(String(bytesOf([{ items: [8], next: null }])))).toEqual([8]);
    expect(JSON.parse(String(bytesOf([first])))).toEqual(first.items);
  });
});
