/*
 * Where each field of the domain stands in /v1. A field without a place does not compile; nor does a place that nothing
 * fills (`Unfilled` below). What stays inside says why.
 */

interface Inside {
  readonly inside: string;
}
/** Where each field of the domain stands in the DTO. */
export type Places<Domain, Dto> = { readonly [Field in keyof Domain]: readonly (keyof Dto)[] | Inside };
type Filled<P> = { [Field in keyof P]: P[Field] extends readonly (infer Name)[] ? Name : never }[keyof P];
/** `never` when each field of the DTO is filled from somewhere. */
export type Unfilled<Dto, P> = Exclude<keyof Dto, Filled<P>>;

/** Compiles only when nothing is left over. */
export type Nothing<Left extends never> = Left;
