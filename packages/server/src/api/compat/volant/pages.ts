import type { FastifyReply } from 'fastify';
import { itemsOf, type PageSource, pagesOf } from '../../pages.ts';
import { TOTAL_COUNT } from './schemas.ts';

/** All that the engine has. */
export async function allOf<T, Cursor>(list: PageSource<T, Cursor>): Promise<readonly T[]> {
  return itemsOf(await pagesOf(list));
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
