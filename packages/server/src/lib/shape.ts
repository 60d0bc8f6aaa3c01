/**
 * Small guards for small records: what another program, a file or a guest has written is checked once, where it comes
 * in. Fields that a shape does not name are allowed. (Requests over HTTP are checked by their schemas instead.)
 */
export type Shape<T> = (value: unknown) => value is T;

/** The type that a shape guards. */
export type Of<S> = S extends Shape<infer T> ? T : never;

export const text: Shape<string> = (value) => typeof value === 'string';
export const flag: Shape<boolean> = (value) => typeof value === 'boolean';
export const nothing: Shape<null> = (value) => value === null;
/** Whatever it is, it is there. */
export const present: Shape<unknown> = (value): value is unknown => value !== undefined;

/** A safe integer of at least `minimum`. */
export function integer(minimum = Number.MIN_SAFE_INTEGER): Shape<number> {
  return (value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum;
}

export function oneOf<const T extends string | number>(...allowed: readonly T[]): Shape<T> {
  return (value): value is T => allowed.some((each) => each === value);
}

export function either<A, B>(a: Shape<A>, b: Shape<B>): Shape<A | B> {
  return (value): value is A | B => a(value) || b(value);
}

/** May be missing. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value): value is T | undefined => value === undefined || shape(value);
}

export function listOf<T>(item: Shape<T>, atLeast = 0): Shape<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.length >= atLeast && value.every(item);
}

/** A plain object with these fields. */
export function record<F extends Readonly<Record<string, Shape<unknown>>>>(
  fields: F,
): Shape<{ readonly [K in keyof F]: Of<F[K]> }> {
  const entries = Object.entries(fields);
  return (value): value is { readonly [K in keyof F]: Of<F[K]> } => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const own: Readonly<Record<string, unknown>> = { ...value };
    return entries.every(([name, shape]) => shape(own[name]));
  };
}

/** A plain object with any fields. */
export const dictionary: Shape<Readonly<Record<string, unknown>>> = record({});

/** A plain object whose fields, whatever they are called, all are of one shape. */
export function dictionaryOf<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> => dictionary(value) && Object.values(value).every(item);
}
