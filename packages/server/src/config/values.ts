import { VolaryError } from '../domain/errors.ts';

/** One of these words. Throws `invalid_argument` config.invalid naming them. */
export function oneOf<T extends string>(setting: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw invalidSetting(setting, `${setting} is "${value}"; it must be one of: ${allowed.join(', ')}.`, { allowed });
}

/** A whole number from 1 to `maximum`. */
export function count(setting: string, value: string | null, otherwise: number, maximum: number): number {
  return within(setting, value ?? String(otherwise), { minimum: 1, maximum });
}

/** A whole number from 0 to `maximum`. */
export function countOrNone(setting: string, value: string | null, otherwise: number, maximum: number): number {
  return within(setting, value ?? String(otherwise), { minimum: 0, maximum });
}

/** The parts of a list with commas or spaces between them. */
export function listOf(value: string | null): readonly string[] {
  return (value ?? '').split(/[\s,]+/).filter((text) => text !== '');
}

/** `invalid_argument` config.invalid: a setting has a value that it cannot have. */
export function invalidSetting(
  field: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'config.invalid', details: { field, ...details } });
}

function within(setting: string, value: string, range: { readonly minimum: number; readonly maximum: number }): number {
  const number = Number(value);
  const { minimum, maximum } = range;
  if (/^[0-9]+$/.test(value) && number >= minimum && number <= maximum) return number;
  const message = `${setting} is "${value}"; it must be a number from ${minimum} to ${maximum}.`;
  throw invalidSetting(setting, message, range);
}
