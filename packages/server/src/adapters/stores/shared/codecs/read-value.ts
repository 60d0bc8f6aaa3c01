/**
 * Readers of stored values: each takes what is in the database and answers with a value of its type, or throws
 * `Unreadable`. They are put together to the codecs, which say which row it was.
 */
import { type Id, type IdPrefix, parseId } from '../../../../domain/ids.ts';
import type { Json, JsonObject } from '../../../../domain/json.ts';

/** A stored value that is not what it must be. `field` is its name, within structures with dots. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly field: string;
  constructor(field: string, expected: string) {
    super(`${field} is not ${expected}`);
    this.field = field;
  }
}

export type Reader<T> = (value: unknown, field: string) => T;

export const text: Reader<string> = (value, field) => {
  if (typeof value === 'string') return value;
  throw new Unreadable(field, 'a text');
};

/** A whole number, not negative: everything that we count is. */
export const count: Reader<number> = (value, field) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Unreadable(field, 'a whole number from 0 on');
};

/** A number that is finite: moments, fractions, exit codes. */
export const number: Reader<number> = (value, field) => {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Unreadable(field, 'a number');
};

/** 0 or 1 in a column. */
export const flag: Reader<boolean> = (value, field) => {
  if (value === 0 || value === 1) return value === 1;
  throw new Unreadable(field, '0 or 1');
};

export const boolean: Reader<boolean> = (value, field) => {
  if (typeof value === 'boolean') return value;
  throw new Unreadable(field, 'true or false');
};

export function id<P extends IdPrefix>(prefix: P): Reader<Id<P>> {
  return (value, field) => {
    const parsed = typeof value === 'string' ? parseId(prefix, value) : null;
    if (parsed !== null) return parsed;
    throw new Unreadable(field, `an id of ${prefix}`);
  };
}

export function oneOf<const T extends string>(allowed: readonly T[]): Reader<T> {
  const known = new Map<unknown, T>(allowed.map((each) => [each, each]));
  return (value, field) => {
    const found = known.get(value);
    if (found !== undefined) return found;
    throw new Unreadable(field, `one of ${allowed.join(', ')}`);
  };
}

export function nullable<T>(read: Reader<T>): Reader<T | null> {
  return (value, field) => (value === null ? null : read(value, field));
}

export function list<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value, field) => {
    if (!Array.isArray(value)) throw new Unreadable(field, 'a list');
    return value.map((each, index) => read(each, `${field}.${index}`));
  };
}

/** An object with values of one type. */
export function record<T>(read: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, field) =>
    Object.fromEntries(
      Object.entries(object(value, field)).map(([name, each]) => [name, read(each, `${field}.${name}`)]),
    );
}

/** Any object but a list. */
export const object: Reader<Readonly<Record<string, unknown>>> = (value, field) => {
  if (isObject(value)) return value;
  throw new Unreadable(field, 'an object');
};

/** A column of JSON text, parsed and then read. */
export function json<T>(read: Reader<T>): Reader<T> {
  return (value, field) => read(parse(text(value, field), field), field);
}

/** A column that holds any JSON value. */
export const jsonValue: Reader<Json> = (value, field) => parse(text(value, field), field);

/** A column that holds a JSON object, whatever is in it. */
export const jsonObject: Reader<JsonObject> = (value, field) => plainObject(parse(text(value, field), field), field);

/** An object within what has been parsed from JSON. */
export function plainObject(value: Json, field: string): JsonObject {
  if (value !== null && typeof value === 'object' && !isList(value)) return value;
  throw new Unreadable(field, 'an object');
}

/** An object within what has been parsed from JSON by `json`. */
export const parsedObject: Reader<JsonObject> = (value, field) =>
  plainObject(parse(JSON.stringify(value) ?? 'null', field), field);

function parse(value: string, field: string): Json {
  try {
    return JSON.parse(value);
  } catch {
    throw new Unreadable(field, 'JSON');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
