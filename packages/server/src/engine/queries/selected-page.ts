import { parseSelector, selects } from '../../domain/labels/selector.ts';
import type { PageRequest } from '../../ports/requests.ts';
import type { Page } from '../requests.ts';

/** Rows read at a time while those that are meant are looked for. */
const CHUNK = 500;

interface Labelled<Id> {
  readonly id: Id;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * A page of those that a selector means; without one: of all. Labels have no index: what is not meant is read, and left out. Throws `invalid_argument`
 * selector.invalid.
 */
export async function selectedPage<Id, T extends Labelled<Id>>(
  { limit, after, selector: text }: PageRequest<Id> & { readonly selector?: string },
  read: (page: PageRequest<Id>) => Promise<readonly T[]>,
): Promise<Page<T, Id>> {
  const selector = parseSelector(text ?? '');
  const size = selector.length === 0 ? limit + 1 : Math.max(CHUNK, limit + 1);
  const found: T[] = [];
  let from = after;
  for (;;) {
    const rows = await read({ limit: size, after: from });
    for (const row of rows) if (found.length <= limit && selects(selector, row.labels)) found.push(row);
    const last = rows.at(-1);
    if (found.length > limit || last === undefined || rows.length < size) break;
    from = last.id;
  }
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
}
