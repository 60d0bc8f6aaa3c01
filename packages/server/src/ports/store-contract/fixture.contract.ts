import { VolaryError } from '../../domain/errors.ts';
import type { Store } from '../store.ts';

/** An empty database for one test. Disposing it closes the stores that are open and removes it. */
export interface StoreFixture extends AsyncDisposable {
  /** Opens a store on it: called again, another one on the same database, as a second process would. */
  open(): Promise<Store>;
}

export type MakeStore = () => Promise<StoreFixture>;

/** Runs a test with a store on an empty database. */
export function withStore(
  make: MakeStore,
  test: (store: Store, fixture: StoreFixture) => Promise<void>,
): () => Promise<void> {
  return async () => {
    await using fixture = await make();
    await test(await fixture.open(), fixture);
  };
}

/** Matches a `VolaryError` by its code and reason, and by its details where they are given. */
export function refusal(code: string, reason: string, details?: object) {
  return {
    asymmetricMatch: (error: unknown): boolean =>
      error instanceof VolaryError &&
      error.code === code &&
      error.reason === reason &&
      Object.entries(details ?? {}).every(([name, value]) => error.details[name] === value),
    toString: () => 'refusal',
    toAsymmetricMatcher: () => `refusal ${code} ${reason} ${details === undefined ? '' : JSON.stringify(details)}`,
  };
}

/** How many of these were kept, and what the others were refused with. */
export async function outcomes(
  attempts: readonly Promise<unknown>[],
): Promise<{ readonly kept: number; readonly refusals: readonly unknown[] }> {
  const settled = await Promise.allSettled(attempts);
  return {
    kept: settled.filter(({ status }) => status === 'fulfilled').length,
    refusals: settled.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : [])),
  };
}

/**
 * All rows of a list, page by page until one is empty; `between` is given the last row of each page. Throws when a page
 * holds a row again: such a list would have no end.
 */
export async function walkPages<Row extends { readonly id: string }>(
  list: (after: Row['id'] | null) => Promise<readonly Row[]>,
  between: (last: Row) => Promise<void> = async () => undefined,
): Promise<readonly Row[]> {
  const rows = new Map<string, Row>();
  let last: Row | undefined;
  do {
    const page: readonly Row[] = await list(last?.id ?? null);
    for (const row of page) {
      if (rows.has(row.id)) throw new Error(`${row.id} is on two pages`);
      rows.set(row.id, row);
    }
    last = page.at(-1);
    if (last !== undefined) await between(last);
  } while (last !== undefined);
  return [...rows.values()];
}
