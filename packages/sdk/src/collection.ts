import type { Abortable } from './abortable.ts';
import { ifMatch } from './if-match.ts';
import { allItems, type SelectedPageQuery } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

/** A change that is made only if the resource is still as it was seen. */
export interface ChangeOptions<Seen> extends Abortable {
  readonly ifUnchangedSince?: Seen;
}

interface Named {
  readonly id: string;
}

interface PageOf<Item> {
  readonly items: Item[];
  readonly next_cursor: string | null;
}

/** How what is in a collection is read and changed, each by its id or its name. */
export interface CollectionClient<Item, Change, Options, Query extends object = SelectedPageQuery> {
  get(ref: string, options?: Abortable): Promise<Item>;
  list(query?: Query, options?: Abortable): Promise<PageOf<Item>>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<Query, 'cursor'>, options?: Abortable): AsyncIterable<Item>;
  update(ref: string, change: Change, options?: Options): Promise<Item>;
}

/**
 * What can be asked of each collection of the API: its resources are below `path`, by id or name. `versionOf`: by which the server tells one that has
 * changed from one that has not.
 */
export function createCollection<Item, Query extends { readonly cursor?: string }, Seen extends Named>(
  transport: Transport,
  path: string,
  versionOf: (seen: Seen) => number,
) {
  const pathOf = (ref: string, verb?: string): string =>
    `${path}/${encodeURIComponent(ref)}${verb === undefined ? '' : `/${verb}`}`;
  const guarded = ({ ifUnchangedSince: seen, signal }: ChangeOptions<Seen>) => ({
    ...ifMatch(seen && { id: seen.id, version: versionOf(seen) }),
    signal,
  });
  const list = (query?: Query, { signal }: Abortable = {}): Promise<PageOf<Item>> =>
    transport.json({ method: 'GET', path, query: { ...query }, signal });
  return {
    pathOf,
    create: <Created = Item>(request: unknown, options: Repeatable = {}): Promise<Created> =>
      postJsonOnce(transport, { path, json: request, ...options }),
    get: (ref: string, { signal }: Abortable = {}): Promise<Item> =>
      transport.json({ method: 'GET', path: pathOf(ref), signal }),
    list,
    listAll: (query?: Omit<Query, 'cursor'>, options: Abortable = {}): AsyncIterable<Item> =>
      allItems((cursor) =>
        transport.json({
          method: 'GET',
          path,
          query: { ...query, ...(cursor === undefined ? {} : { cursor }) },
          ...options,
        }),
      ),
    update: <Updated = Item>(ref: string, change: unknown, options: ChangeOptions<Seen> = {}): Promise<Updated> =>
      transport.json({ method: 'PATCH', path: pathOf(ref), json: change, ...guarded(options) }),
    /** Its deletion takes time: answers how it is then. */
    delete: <Accepted = Item>(ref: string, options: ChangeOptions<Seen> = {}): Promise<Accepted> =>
      transport.json({ method: 'DELETE', path: pathOf(ref), ...guarded(options) }),
    /** Its deletion is done when it is answered. */
    remove: async (ref: string, options: ChangeOptions<Seen> = {}): Promise<void> => {
      await transport.send({ method: 'DELETE', path: pathOf(ref), ...guarded(options) });
    },
    post: <Answer = Item>(ref: string, verb: string, json: unknown, options: Repeatable = {}): Promise<Answer> =>
      postJsonOnce(transport, { path: pathOf(ref, verb), json, ...options }),
    /** Waits until it is as `query` says; null when it is gone, and was to be. */
    wait: async (
      ref: string,
      query: Readonly<Record<string, string | number>>,
      { signal }: Abortable = {},
    ): Promise<Item | null> => {
      const response = await transport.send({ method: 'GET', path: pathOf(ref, 'wait'), query, signal });
      if (response.status === 204) return null;
      const item: Item = JSON.parse(await response.text());
      return item;
    },
  };
}
