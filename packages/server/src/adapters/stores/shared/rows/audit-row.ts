export interface AuditRow {
  readonly sequence: number;
  readonly at: number;
  readonly principal: string;
  readonly credential_kind: string;
  readonly credential_id: string | null;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly action: string;
  readonly target_kind: string;
  readonly target_id: string | null;
  readonly target_name: string | null;
  readonly result: string;
  readonly reason: string | null;
  /** JSON: an object. */
  readonly details: string;
}

/** One row: the last sequence that was given out. */
export interface AuditCounterRow {
  readonly last_sequence: number;
}
