/** The part of a list's filter that `reachOf` asks for; null: no filter. */
export function ofOwner(owner: string | null): { readonly owner?: string } {
  return owner === null ? {} : { owner };
}
