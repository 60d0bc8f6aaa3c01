import type { Page } from '../engine/requests.ts';

/** Asked for at a time. */
const PAGE = 200;

/** A list of the engine's. */
export type PageSource<T, Cursor> = (page: {
  readonly limit: number;
  readonly after: Cursor | null;
}) => Promise<Page<T, Cursor>>;

/** All that the engine has, page by page, as it has them. */
export async function pagesOf<T, Cursor>(list: PageSource<T, Cursor>): Promise<readonly Page<T, Cursor>[]> {
  const pages: Page<T, Cursor>[] = [];
  let after: Cursor | null = null;
  do {
    const page: Page<T, Cursor> = await list({ limit: PAGE, after });
    pages.push(page);
    after = page.next;
  } while (after !== null);
  return pages;
}

export function itemsOf<T>(pages: readonly Page<T, unknown>[]): readonly T[] {
  return pages.flatMap(({ items }) => items);
}

/**
 * Keeps the bytes that were made of pages for as long as the engine keeps these: it does so while nothing in them has changed. Bytes, since
 * a text would be encoded anew for each answer.
 */
export function createPagesWriter<P extends Page<unknown, unknown>>(
  toAnswer: (pages: readonly P[]) => unknown,
): (pages: readonly P[]) => Buffer {
  const written = new WeakMap<P, { readonly pages: readonly P[]; readonly bytes: Buffer }>();
  return (pages) => {
    const [first] = pages;
    const known = first === undefined ? undefined : written.get(first);
    if (known !== undefined && isSame(known.pages, pages)) return known.bytes;
    const bytes = Buffer.from(JSON.stringify(toAnswer(pages)));
    if (first !== undefined) written.set(first, { pages, bytes });
    return bytes;
  };
}

function isSame(one: readonly object[], other: readonly object[]): boolean {
  return one.length === other.length && one.every((page, index) => page === other[index]);
}
