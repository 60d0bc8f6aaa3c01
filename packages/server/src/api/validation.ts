import type { FieldError } from '@volary/contract';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';
import { VolaryError } from '../domain/errors.ts';
import type { JsonObject } from '../domain/json.ts';
import { dictionary } from '../lib/shape.ts';

/** More than this would help nobody. */
const MOST_ERRORS = 20;
/** More than these are left to `allowed`. */
const MOST_WORDS = 40;

const NO_NUL = '^[^\\u0000]*$';

const OPTIONS = {
  allErrors: true,
  verbose: true,
  strict: true,
  allowUnionTypes: true,
  removeAdditional: false,
} as const;

/**
 * Validates the parts of requests against the contract's schemas. Texts become numbers and booleans in the query alone, where
 * everything is a text; a body has to have the right types by itself. Compiled when first used, so that a start costs nothing.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<unknown> {
  const strict = new Ajv({ ...OPTIONS, useDefaults: false });
  const coercing = new Ajv({ ...OPTIONS, coerceTypes: 'array', useDefaults: true });
  return ({ schema, httpPart }) => {
    const isQuery = httpPart === 'querystring';
    const ajv = isQuery ? coercing : strict;
    const integers = isQuery ? integersOf(schema) : [];
    let validate: ValidateFunction | undefined;
    return (given: unknown) => {
      validate ??= ajv.compile(withoutIds(schema));
      const data = withDigitsOnly(given, integers);
      return validate(data) ? { value: data } : { error: toInvalidRequest(validate.errors ?? []) };
    };
  };
}

function integersOf(schema: unknown): readonly string[] {
  const properties = dictionary(schema) && dictionary(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).flatMap(([name, property]) =>
    dictionary(property) && property['type'] === 'integer' ? [name] : [],
  );
}

/** Numbers are written in digits: JavaScript, and so the validator, would take `0x1`, `1e3` and ` 1` as well. These are no numbers here. */
function withDigitsOnly(data: unknown, names: readonly string[]): unknown {
  if (!dictionary(data)) return data;
  const wrong = names.filter((name) => typeof data[name] === 'string' && !/^-?\d+$/.test(data[name]));
  return wrong.length === 0 ? data : { ...data, ...Object.fromEntries(wrong.map((name) => [name, Number.NaN])) };
}

/** Checks a value that came in some other way than as a request's part. Throws `invalid_argument` request.invalid. */
export function createChecker(schema: object): (value: unknown) => void {
  const findFaults = createFaultFinder(schema);
  return (value) => {
    const faults = findFaults(value);
    if (faults.length > 0) throw invalidFields(faults);
  };
}

/** What is wrong with a value, by the schema; empty when nothing is. Compiled when it is first used. */
export function createFaultFinder(schema: object): (value: unknown) => readonly FieldError[] {
  let validate: ValidateFunction | undefined;
  return (value) => {
    validate ??= new Ajv(OPTIONS).compile(withoutIds(schema));
    return validate(value) ? [] : toFieldErrors(validate.errors ?? []);
  };
}

/** `invalid_argument` request.invalid, naming each field that is wrong and what it may be. */
function toInvalidRequest(errors: readonly ErrorObject[]): VolaryError {
  return invalidFields(toFieldErrors(errors));
}

function toFieldErrors(errors: readonly ErrorObject[]): readonly FieldError[] {
  const byField = new Map<string, FieldError>();
  // What a union says of itself is more than what each of its members says.
  const ordered = [...errors].sort((a, b) => Number(b.keyword === 'anyOf') - Number(a.keyword === 'anyOf'));
  for (const error of ordered.filter(({ propertyName }) => propertyName === undefined).slice(0, MOST_ERRORS)) {
    const one = toFieldError(error);
    if (!byField.has(one.field)) byField.set(one.field, one);
  }
  const fields = [...byField.keys()];
  // Of what may be null, too, a union says that it fits nowhere: what does not fit within it says more.
  return [...byField.values()].filter(
    ({ field }) =>
      field === '' || !fields.some((other) => other.startsWith(`${field}.`) || other.startsWith(`${field}[`)),
  );
}

/** The same for rules that a schema cannot say. */
export function invalidFields(errors: readonly FieldError[]): VolaryError {
  const text = errors
    .map(({ field, message }) => (field === '' ? `The request ${message}` : `${field} ${message}`))
    .join('; ');
  // What schemas say is JSON, though the type of what is allowed does not tell.
  const details: JsonObject = JSON.parse(JSON.stringify({ errors }));
  return new VolaryError('invalid_argument', `${text}.`, { reason: 'request.invalid', details });
}

function toFieldError(error: ErrorObject): FieldError {
  const path = toPath(error.instancePath);
  const { keyword, params, message = 'is not valid' } = error;
  switch (keyword) {
    case 'additionalProperties':
      return {
        field: join(path, String(params['additionalProperty'])),
        message: 'is not known',
        allowed: knownFields(error),
      };
    case 'required':
      return { field: join(path, String(params['missingProperty'])), message: 'is required' };
    case 'propertyNames':
      return { field: path, message: `has a name that is not allowed: ${JSON.stringify(params['propertyName'])}` };
    case 'enum':
      return { field: path, message: `must be ${wordsOf(params['allowedValues'])}`, allowed: params['allowedValues'] };
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return { field: path, message: rangeOf(error), allowed: allowedBy(error) };
    case 'anyOf':
    case 'pattern':
      return { field: path, message: wordsFor(error), allowed: allowedBy(error) };
    default:
      return { field: path, message, allowed: allowedBy(error) };
  }
}

/** What it should be like, in the schema's own words: a pattern says little to most. */
function wordsFor({ parentSchema, message }: ErrorObject): string {
  if (parentSchema?.['pattern'] === NO_NUL) return 'must not hold a NUL character';
  const description: unknown = parentSchema?.['description'];
  return typeof description === 'string' ? `is not well-formed (${description.replace(/\.$/, '')})` : `${message}`;
}

/** Both ends of the range, where it has two. */
function rangeOf({ parentSchema = {}, message }: ErrorObject): string {
  const { minimum, maximum } = parentSchema;
  return minimum === undefined || maximum === undefined ? `${message}` : `must be from ${minimum} to ${maximum}`;
}

function wordsOf(allowed: unknown): string {
  const words: readonly unknown[] = Array.isArray(allowed) ? allowed : [];
  return words.length <= MOST_WORDS ? `one of: ${words.join(', ')}` : 'one of the allowed words';
}

function knownFields({ parentSchema }: ErrorObject): unknown {
  const properties: unknown = parentSchema?.['properties'];
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

/** The bounds that stand beside the one that was overstepped, so that both ends of a range are told. */
function allowedBy({ keyword, schema, parentSchema = {} }: ErrorObject): unknown {
  const bounds = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'maxProperties', 'pattern'];
  const shown = Object.fromEntries(Object.entries(parentSchema).filter(([name]) => bounds.includes(name)));
  return Object.keys(shown).length === 0 ? { [keyword]: schema } : shown;
}

/** `/network/mode` as `network.mode`, `/argv/0` as `argv[0]`. */
function toPath(pointer: string): string {
  const parts = pointer.split('/').slice(1);
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).reduce(join, '');
}

function join(path: string, part: string): string {
  if (/^\d+$/.test(part)) return `${path}[${part}]`;
  return path === '' ? part : `${path}.${part}`;
}

/** Named schemas occur at many places; to the validator each is just a schema. */
function withoutIds(schema: unknown): object {
  const copy: unknown = JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (key === '$id' ? undefined : value)),
  );
  return typeof copy === 'object' && copy !== null ? copy : {};
}
