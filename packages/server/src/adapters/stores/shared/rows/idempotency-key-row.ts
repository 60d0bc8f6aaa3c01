export interface IdempotencyKeyRow {
  readonly principal: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly request_id: string;
  /** `operation`, `execution`, `webhook`, `delivery`, `api_key` or `guest`. */
  readonly effect_kind: string;
  /** Null for a `guest`. */
  readonly effect_id: string | null;
  readonly created_at: number;
  /** JSON: `{ status, headers, body }`. */
  readonly answer: string | null;
}
