/**
 * Small JSON files that the server keeps beside what they describe. Three answers are kept apart that must never be taken for one another: there is
 * no such file; there is one, and nobody can tell what it says; and it cannot be read now, which may pass, and which is thrown. Only the first of
 * them is a reason to make the thing again, or to clean up after it.
 */
import { readFile } from 'node:fs/promises';
import { VolaryError } from '../../domain/errors.ts';
import type { Shape } from '../../lib/shape.ts';

const UNREADABLE = 'host.file_unreadable';

/** `damaged`: no JSON, or not of the shape: cut short, altered, or written by a later version. */
export type Facts<T> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'valid'; readonly value: T };

/** What the file at `path` says. Throws `unavailable` host.file_unreadable where the system does not let it be read. */
export async function readFacts<T>(path: string, shape: Shape<T>): Promise<Facts<T>> {
  const content = await readFile(path, 'utf8').catch(unlessAbsent);
  return content === null ? { kind: 'absent' } : parseFacts(content, shape);
}

/** What the content of such a file says; for who has read it. */
export function parseFacts<T>(content: string, shape: Shape<T>): Facts<T> {
  try {
    const value: unknown = JSON.parse(content);
    return shape(value) ? { kind: 'valid', value } : { kind: 'damaged' };
  } catch {
    return { kind: 'damaged' };
  }
}

/** The value, or null; for what is only a memory and can be made again. */
export function valueIn<T>(facts: Facts<T>): T | null {
  return facts.kind === 'valid' ? facts.value : null;
}

/** For `catch` where the thing is to be removed, whatever it says: what cannot be read is as good as damaged. Everything else is thrown. */
export function damagedIfUnreadable(error: unknown): { readonly kind: 'damaged' } {
  if (isUnreadable(error)) return { kind: 'damaged' };
  throw error;
}

/** A failure to read one file, or to look at it, which says nothing of others. */
export function isUnreadable(error: unknown): error is VolaryError {
  return error instanceof VolaryError && error.reason === UNREADABLE;
}

/** For `catch` after a look at a file: null if there is none. Throws `unavailable` host.file_unreadable for every other failure. */
export function unlessAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw new VolaryError(
    'unavailable',
    'A file in which the server keeps what it must know for this cannot be read now. Nothing was changed.',
    { reason: UNREADABLE, context: { path: error.path, errno: error.code }, cause: error },
  );
}
