/** The precondition that a resource is still as it was seen; none if it is not given. */
export function ifMatch(seen: { readonly id: string; readonly version: number } | undefined): {
  readonly headers?: Readonly<Record<string, string>>;
} {
  return seen === undefined ? {} : { headers: { 'if-match': `"${seen.id}.${seen.version}"` } };
}
