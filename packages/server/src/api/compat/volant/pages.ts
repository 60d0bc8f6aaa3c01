import type { FastifyReply } from 'fastify';
import type { Page } from '../../../engine/requests.ts';
import { TOTAL_COUNT } from './schemas.ts';

/** Asked for at a time. */
const PAGE = 200;

/** All that the engine has, page by page. */
export async function allOf<T, Cursor>(
  list: (page: { readonly limit: number; readonly after: Cursor | null }) => Promise<Page<T, Cursor>>,
): Promise<readonly T[]> {
  const all: T[] = [];
  let after: Cursor | null = null;
  do {
    const { items, next }: Page<T, Cursor> = await list({ limit: PAGE, after });
    all.push(...items);
    after = next;
  } while (after !== null);
  return all;
}

/** The part that was asked for; the answer tells how many there are. */
export function partOf<T>(
  reply: FastifyReply,
  all: readonly T[],
  { limit, offset = 0 }: { readonly limit?: number; readonly offset?: number },
): readonly T[] {
  reply.header(TOTAL_COUNT.name.toLowerCase(), String(all.length));
  return all.slice(offset, limit === undefined ? undefined : offset + limit);
}
