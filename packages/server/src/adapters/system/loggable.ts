import { VolaryError } from '../../domain/errors.ts';

/** Written in the place of a secret. */
export const HIDDEN = '[hidden]';

/** Fields whose value nobody may read, whatever they hold. Compared without case, hyphens and underscores. */
const SECRET_NAMES = new Set([
  'authorization',
  'xapikey',
  'cookie',
  'setcookie',
  'password',
  'secret',
  'token',
  'accesstoken',
  'refreshtoken',
  'apikey',
  'adminkey',
  'linkkey',
  'privatekey',
]);
/** Our own keys, and bearer tokens, wherever in a text they stand. */
const SECRET_TEXT = /\bvk_[A-Za-z0-9_-]{8,}|\bBearer\s+[^\s"']+/g;

const DEPTH = 8;
const ENTRIES = 100;
const TEXT_LENGTH = 16_384;

/**
 * A copy of a field's value that can be written to the log: without secrets, as JSON, of bounded depth and size. An error
 * becomes an object with its code, reason, details, context, stack, and its chain of causes.
 */
export function toLoggable(value: unknown): unknown {
  return copy(value, DEPTH);
}

/** The fields of a log line, made safe to write. */
export function toLoggableFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return copyEntries(Object.entries(fields), DEPTH);
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return hideSecrets(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '[deeper]';
  if (value instanceof Error) return copyError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return copyList(value, depth);
  if (value instanceof Map || value instanceof Set) return copyList([...value], depth);
  return copyEntries(Object.entries(value), depth);
}

function copyList(values: readonly unknown[], depth: number): unknown[] {
  const shown = values.slice(0, ENTRIES).map((each) => copy(each, depth - 1));
  return values.length > ENTRIES ? [...shown, `[${values.length - ENTRIES} more]`] : shown;
}

function copyEntries(entries: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> {
  const shown = entries
    .slice(0, ENTRIES)
    .map(([name, each]) => [name, isSecret(name) ? HIDDEN : copy(each, depth - 1)]);
  return Object.fromEntries(entries.length > ENTRIES ? [...shown, ['…', `[${entries.length - ENTRIES} more]`]] : shown);
}

function copyError(error: Error, depth: number): Record<string, unknown> {
  const own = error instanceof VolaryError ? describeOwn(error, depth) : describeForeign(error, depth);
  return {
    type: error.name,
    message: hideSecrets(error.message),
    ...own,
    stack: hideSecrets(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: copy(error.cause, depth - 1) }),
    ...(error instanceof AggregateError ? { errors: copyList(error.errors, depth) } : {}),
  };
}

function describeOwn({ code, reason, details, context }: VolaryError, depth: number): Record<string, unknown> {
  return { code, reason, details: copy(details, depth - 1), context: copy(context, depth - 1) };
}

/** What Node and libraries hang on their errors: code, errno, syscall, path, port. */
function describeForeign(error: Error, depth: number): Record<string, unknown> {
  const entries = Object.entries(error).filter(
    ([name]) => !['name', 'message', 'stack', 'cause', 'errors'].includes(name),
  );
  return copyEntries(entries, depth);
}

function isSecret(name: string): boolean {
  return SECRET_NAMES.has(name.replaceAll(/[-_]/g, '').toLowerCase());
}

function hideSecrets(text: string): string {
  const shown = text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH)}… [${text.length} characters]` : text;
  return shown.replaceAll(SECRET_TEXT, HIDDEN);
}
