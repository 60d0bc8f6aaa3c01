/** What keeps the lines of the log elsewhere, for longer than they are kept here. */
export interface LogArchive {
  /** As a part of the server is called. */
  readonly name: 'loki';
  /** Why it is not well, as a sentence that anybody may read, measured now; null: it is. Never rejects. */
  whyNot(): Promise<string | null>;
  readonly figures: ArchiveFigures;
}

/** Lines, since the server was started. */
export interface ArchiveFigures {
  /** That it has taken. */
  readonly taken: number;
  /** That it will never take, as it said. */
  readonly refused: number;
  /** That were dropped here before it could take them. */
  readonly lost: number;
  /** Times that it was to be tried again. */
  readonly retries: number;
  /** That are to be taken yet, about: some may have been dropped. */
  readonly waiting: number;
}
