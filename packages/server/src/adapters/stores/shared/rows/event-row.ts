export interface EventRow {
  readonly sequence: number;
  readonly type: string;
  readonly at: number;
  readonly subject: string;
  readonly vm_id: string | null;
  readonly operation_id: string | null;
  readonly owner: string | null;
  readonly data: string;
}

/** One row: the last sequence that was given out, whether or not its event is still in the log. */
export interface EventCounterRow {
  readonly last_sequence: number;
}
