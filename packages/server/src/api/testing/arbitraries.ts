import fc from 'fast-check';

type Schema = Readonly<Record<string, unknown>>;

/** Values of this JSON schema, as far as the contract uses JSON schema. */
function valuesOf(schema: object): fc.Arbitrary<unknown> {
  const known: Schema = { ...schema };
  const branches = known['anyOf'];
  if (Array.isArray(branches)) return fc.oneof(...branches.map(valuesOf));
  if (Array.isArray(known['enum'])) return fc.constantFrom(...known['enum']);
  const types: unknown[] = Array.isArray(known['type']) ? known['type'] : [known['type']];
  return fc.oneof(...types.map((type) => valuesOfType(String(type), known)));
}

/** Mostly values of the schema, sometimes anything at all. */
function nearlyValuesOf(schema: object): fc.Arbitrary<unknown> {
  const strange = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      '',
      -1,
      0,
      1e21,
      Number.MAX_SAFE_INTEGER,
      '../../etc/passwd',
      'a'.repeat(300),
      '\0',
      '__proto__',
      '%00',
    ),
  );
  return fc.oneof({ weight: 5, arbitrary: valuesOf(schema) }, { weight: 1, arbitrary: strange });
}

/** Objects that are mostly valid, and else have fields that are not, that are missing, or that nobody knows. */
export function nearlyObjectsOf(schema: object): fc.Arbitrary<Record<string, unknown>> {
  const properties = propertiesOf(schema);
  const valid = Object.fromEntries(properties.map(([name, field]) => [name, valuesOf(field)]));
  const nearlyValid = Object.fromEntries(properties.map(([name, field]) => [name, nearlyValuesOf(field)]));
  const unknown = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue(), { maxKeys: 1 });
  const some = fc.record(valid, { requiredKeys: [] });
  return fc.oneof(
    { weight: 3, arbitrary: fc.record(valid) },
    { weight: 3, arbitrary: some },
    { weight: 3, arbitrary: fc.record(nearlyValid, { requiredKeys: [] }) },
    { weight: 1, arbitrary: fc.tuple(some, unknown).map(([a, b]) => ({ ...a, ...b })) },
  );
}

function valuesOfType(type: string, schema: Schema): fc.Arbitrary<unknown> {
  switch (type) {
    case 'string':
      return strings(schema);
    case 'integer':
      return fc.integer({
        min: bound(schema, 'minimum', -1000),
        max: Math.min(bound(schema, 'maximum', 1000), 2 ** 31 - 1),
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valuesOf(objectAt(schema, 'items')), { minLength: bound(schema, 'minItems', 0), maxLength: 5 });
    case 'object':
      return objects(schema);
    default:
      return fc.jsonValue();
  }
}

function strings(schema: Schema): fc.Arbitrary<string> {
  const maxLength = bound(schema, 'maxLength', 100);
  const { pattern } = schema;
  if (typeof pattern !== 'string')
    return fc.string({
      unit: 'grapheme',
      minLength: bound(schema, 'minLength', 0),
      maxLength: Math.min(maxLength, 40),
    });
  return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= maxLength);
}

function objects(schema: Schema): fc.Arbitrary<unknown> {
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  const properties = propertiesOf(schema);
  if (properties.length > 0) {
    const fields = Object.fromEntries(properties.map(([name, field]) => [name, valuesOf(field)]));
    return fc.record(fields, { requiredKeys: required });
  }
  const extra = schema['additionalProperties'];
  const values = typeof extra === 'object' && extra !== null ? valuesOf(extra) : fc.jsonValue();
  return fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9.]{0,10}$/), values, { maxKeys: 4 });
}

function propertiesOf(schema: object): [string, object][] {
  return Object.entries(objectAt({ ...schema }, 'properties')).filter(
    (entry): entry is [string, object] => typeof entry[1] === 'object' && entry[1] !== null,
  );
}

function objectAt(schema: Schema, key: string): object {
  const value = schema[key];
  return typeof value === 'object' && value !== null ? value : {};
}

function bound(schema: Schema, key: string, otherwise: number): number {
  const value = schema[key];
  return typeof value === 'number' ? value : otherwise;
}
