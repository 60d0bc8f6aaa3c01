/** A page of a list: at most `limit` rows that come after the row with the id `after`. */
export interface PageRequest<Cursor> {
  readonly limit: number;
  readonly after: Cursor | null;
}

/** Only what belongs to this user, if one is given. */
export interface OfOwner {
  readonly owner?: string;
}

/** Rows whose time is over, as many of them as one transaction may take. */
export interface FinishedBefore {
  readonly completedBefore: number;
  readonly limit: number;
}
