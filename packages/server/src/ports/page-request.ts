/** A page of a list: at most `limit` rows that come after the row with the id `after`. */
export interface PageRequest<Cursor> {
  readonly limit: number;
  readonly after: Cursor | null;
}
