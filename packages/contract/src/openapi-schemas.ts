import type { TSchema } from 'typebox';
import type { Json, JsonObject } from './schema.ts';

/** The schema as it stands in a document: each part that has a name becomes a reference to it. */
export function toJsonSchema(schema: TSchema): JsonObject {
  const plain: Json = JSON.parse(JSON.stringify(schema));
  const shown = referring(plain);
  return isObject(shown) ? shown : {};
}

/** All named schemas in these ones, at any depth, by name and in the order of names. */
export function collectComponents(schemas: readonly TSchema[]): JsonObject {
  const found = new Map<string, JsonObject>();
  for (const schema of schemas) {
    const plain: Json = JSON.parse(JSON.stringify(schema));
    collect(plain, found);
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted);
}

function collect(value: Json, found: Map<string, JsonObject>): void {
  if (Array.isArray(value)) for (const one of value) collect(one, found);
  if (!isObject(value)) return;
  const { $id, ...rest } = value;
  if (typeof $id === 'string' && !found.has($id)) found.set($id, mapValues(rest, referring));
  for (const [key, one] of Object.entries(rest)) if (!isData(key)) collect(one, found);
}

function referring(value: Json): Json {
  if (Array.isArray(value)) return value.map(referring);
  if (!isObject(value)) return value;
  const { $id } = value;
  return typeof $id === 'string' ? { $ref: `#/components/schemas/${$id}` } : mapValues(value, referring);
}

function mapValues(value: JsonObject, change: (one: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, isData(key) ? one : change(one)]));
}

/** Parts of a schema that hold values, not schemas. */
function isData(key: string): boolean {
  return key === 'examples' || key === 'default' || key === 'enum';
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
