import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox';

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** How a schema is shown to people: what it means, and one value of it. */
export interface Shown {
  readonly description: string;
  readonly examples?: readonly unknown[];
}

/** An object that has these fields and no other. */
export function object<P extends TProperties>(properties: P, shown: Shown): TObject<P> {
  return Type.Object(properties, { ...shown, additionalProperties: false });
}

/** An object with a name: a component of the OpenAPI document, wherever it is used. */
export function component<P extends TProperties>(
  id: string,
  properties: P,
  shown: Required<Pick<Shown, 'description' | 'examples'>>,
): TObject<P> {
  return Type.Object(properties, { $id: id, ...shown, additionalProperties: false });
}

/** One of these words. As `enum`, since a union of literals makes poor documents and poor clients. */
export function stringEnum<const V extends readonly string[]>(values: V, shown?: Partial<Shown>) {
  return Type.Unsafe<V[number]>({ type: 'string', enum: values, ...shown });
}

/** One of these words, with a name. */
export function enumComponent<const V extends readonly string[]>(id: string, values: V, description: string) {
  return Type.Unsafe<V[number]>({ $id: id, type: 'string', enum: values, description, examples: [values[0]] });
}

interface Text extends Partial<Shown> {
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
}

interface Range extends Partial<Shown> {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
}

export function nullableString(shown: Text) {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], ...shown });
}

export function nullableInteger(shown: Range) {
  return Type.Unsafe<number | null>({ type: ['integer', 'null'], ...shown });
}

export function nullableNumber(shown: Range) {
  return Type.Unsafe<number | null>({ type: ['number', 'null'], ...shown });
}

/** The value or null, for objects and components; scalars have type arrays above. */
export function nullable<S extends TSchema>(schema: S) {
  return Type.Unsafe<Static<S> | null>(Type.Union([schema, Type.Null()]));
}

/** RFC 3339, in UTC. */
export const MOMENT_PATTERN = '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?Z$';

/** A moment: ISO 8601 in UTC, with milliseconds. */
export function timestamp(description: string) {
  return Type.String({ format: 'date-time', description, examples: ['2026-01-31T12:00:00.000Z'] });
}

export function nullableTimestamp(description: string) {
  return nullableString({ format: 'date-time', description, examples: ['2026-01-31T12:00:00.000Z'] });
}

/** No control characters: a zero is more than every store can keep, an end of a line more than a list that is printed. */
const PRINTABLE = '^[^\\u0000-\\u001f\\u007f]*$';

/** An object of strings, with bounds on how many, and on keys and values; unless patterns say otherwise, without control characters. */
export function stringMap(bounds: {
  readonly description: string;
  readonly maxProperties: number;
  readonly keyPattern?: string;
  readonly keyLength: number;
  readonly valueLength: number;
  readonly valuePattern?: string;
  readonly examples?: readonly unknown[];
}) {
  const { keyPattern = PRINTABLE, keyLength, valueLength, valuePattern = PRINTABLE, ...shown } = bounds;
  return Type.Unsafe<Record<string, string>>({
    type: 'object',
    ...shown,
    propertyNames: { minLength: 1, maxLength: keyLength, pattern: keyPattern },
    additionalProperties: { type: 'string', maxLength: valueLength, pattern: valuePattern },
  });
}

/** An object of any JSON values. */
export function jsonObject(shown: Partial<Shown>) {
  return Type.Unsafe<JsonObject>({ type: 'object', additionalProperties: true, ...shown });
}

/** A page of a list. `next_cursor` is given back as `cursor` for the next one. */
export function pageOf<S extends TSchema>(id: string, item: S, example: unknown) {
  return component(
    id,
    {
      items: Type.Array(item),
      next_cursor: nullableString({ description: 'Give it back to get the next page; null on the last one. Opaque.' }),
    },
    { description: 'One page of a list.', examples: [{ items: [example], next_cursor: null }] },
  );
}
