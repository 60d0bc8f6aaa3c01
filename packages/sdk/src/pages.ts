interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

/** Which of what is listed as a whole. */
export interface SelectedQuery {
  /** By labels: `a=b,c!=d,e in (f,g),!h`. */
  readonly selector?: string;
}

/** A page of what has labels. */
export interface SelectedPageQuery extends SelectedQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

/** The items of all pages, each page fetched when the one before has been used up. */
export async function* allItems<T>(fetchPage: (cursor: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    yield* page.items;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}
