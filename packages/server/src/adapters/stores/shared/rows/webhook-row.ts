export interface WebhookRow {
  readonly id: string;
  /** Empty where there is a target. */
  readonly url: string;
  /** JSON: where an integration tells of it. */
  readonly target: string | null;
  /** JSON: a list of types. */
  readonly types: string | null;
  readonly vm_id: string | null;
  readonly events_of: string | null;
  readonly description: string;
  /** JSON: `[{ value, expiresAt }]`, the present one first. */
  readonly secrets: string;
  readonly is_enabled: number;
  readonly disabled_because: string | null;
  readonly cursor: number;
  readonly failure_count: number;
  /** Set when there are failures. */
  readonly failing_since: number | null;
  readonly last_delivered_at: number | null;
  readonly owner: string;
  /** JSON. */
  readonly labels: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

export interface WebhookDeliveryRow {
  readonly id: string;
  readonly webhook_id: string;
  readonly kind: string;
  readonly state: string;
  readonly first_sequence: number;
  readonly sequence: number;
  /** JSON: the event. Null of a gap. */
  readonly event: string | null;
  readonly tries: number;
  readonly first_tried_at: number | null;
  readonly next_try_at: number | null;
  /** JSON: `{ at, status, error, response, durationMs }`. */
  readonly last_try: string | null;
  readonly created_at: number;
  readonly completed_at: number | null;
}
