/** What has a name and need have no row of its own: what came with the program, or is in its catalogue. */
export const NAMED_KINDS = ['image', 'tool'] as const;
export type NamedKind = (typeof NAMED_KINDS)[number];
