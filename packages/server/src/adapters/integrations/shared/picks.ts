/** Reads single values out of what somebody else has made: nothing in it is taken for granted, and nothing of any length is kept. */
import type { Json, JsonObject } from '../../../domain/json.ts';
import { dictionary } from '../../../lib/shape.ts';

/** Characters that are kept of a text. */
const MOST_CHARACTERS = 300;

/** What lies at this path; undefined where nothing does. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (!dictionary(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}

/** The text there, its beginning at least; null where there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string | null {
  const found = at(value, ...path);
  return typeof found === 'string' ? shortened(found) : null;
}

/** The number there; null where there is none. */
export function numberAt(value: unknown, ...path: readonly string[]): number | null {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}

/** True or false; null where there is neither. */
export function flagAt(value: unknown, ...path: readonly string[]): boolean | null {
  const found = at(value, ...path);
  return typeof found === 'boolean' ? found : null;
}

/** How many there are; null where there is no list. */
export function countAt(value: unknown, ...path: readonly string[]): number | null {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.length : null;
}

/** Without those of which nothing is known. */
export function known(values: Readonly<Record<string, Json>>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** The beginning of the text, cut between characters. */
export function shortened(text: string, most = MOST_CHARACTERS): string {
  return text.slice(0, most).toWellFormed();
}
