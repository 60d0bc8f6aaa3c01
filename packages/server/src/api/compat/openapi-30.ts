/** Documents of OpenAPI 3.1 as 3.0 has them, where schemas are not JSON Schema yet: for dialects whose documents say so. */
import type { Json, JsonObject } from '@volary/contract';

/** Parts that hold values, not schemas. */
const DATA: ReadonlySet<string> = new Set(['example', 'default', 'enum', 'required', 'security']);
/** Parts whose names are somebody's own, and whose values are schemas or the like. */
const NAMED: ReadonlySet<string> = new Set(['properties', 'schemas', 'headers', 'content', 'responses', 'paths']);
/** What 3.0 has no word for. Each makes a document say less, and nothing wrong. */
const UNKNOWN: ReadonlySet<string> = new Set(['propertyNames', 'patternProperties', '$schema', 'identifier']);

/** `licenseUrl`: 3.0 does not know licences by their identifiers. */
export function toOpenApi30(document: JsonObject, { licenseUrl }: { readonly licenseUrl: string }): JsonObject {
  const shown = converted(document);
  const { info } = shown;
  if (!isObject(info) || !isObject(info['license'])) return { ...shown, openapi: '3.0.3' };
  return { ...shown, openapi: '3.0.3', info: { ...info, license: { ...info['license'], url: licenseUrl } } };
}

function converted(value: JsonObject): JsonObject {
  const known = Object.entries(value).filter(([name]) => !UNKNOWN.has(name));
  const parts = known.map(([name, part]): [string, Json] => [name, DATA.has(name) ? part : partOf(name, part)]);
  return withoutNull(withOneExample(Object.fromEntries(parts)));
}

function partOf(name: string, part: Json): Json {
  if (isList(part)) return part.map((one) => (isObject(one) ? converted(one) : one));
  if (!isObject(part)) return part;
  if (!NAMED.has(name)) return converted(part);
  return Object.fromEntries(
    Object.entries(part).map(([key, one]): [string, Json] => [key, isObject(one) ? converted(one) : one]),
  );
}

function withOneExample({ examples, ...rest }: JsonObject): JsonObject {
  const [first] = isList(examples) ? examples : [];
  return first === undefined ? rest : { ...rest, example: first };
}

/** `null` is a type there, and a mark beside it here. */
function withoutNull(schema: JsonObject): JsonObject {
  const { type, anyOf, ...rest } = schema;
  if (isList(type)) {
    const others = type.filter((one) => one !== 'null');
    const [only = 'string', second] = others;
    const nullable = others.length < type.length ? { nullable: true } : {};
    return second === undefined
      ? { ...rest, type: only, ...nullable }
      : { ...rest, anyOf: others.map((one) => ({ type: one })), ...nullable };
  }
  if (isList(anyOf)) {
    const others = anyOf.filter((one) => !isObject(one) || one['type'] !== 'null');
    if (others.length === anyOf.length) return schema;
    const [only, second] = others;
    return second === undefined && isObject(only)
      ? { ...rest, ...orNull(only) }
      : { ...rest, anyOf: others.map((one) => (isObject(one) ? orNull(one) : one)) };
  }
  return schema;
}

/** The mark goes beside a type: of several schemas each has its own. */
function orNull(schema: JsonObject): JsonObject {
  if ('$ref' in schema) return { allOf: [schema], nullable: true };
  const { anyOf } = schema;
  if (isList(anyOf)) return { ...schema, anyOf: anyOf.map((one) => (isObject(one) ? orNull(one) : one)) };
  return 'type' in schema ? { ...schema, nullable: true } : schema;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value);
}
