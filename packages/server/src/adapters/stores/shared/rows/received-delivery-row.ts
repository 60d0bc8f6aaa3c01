export interface ReceivedDeliveryRow {
  /** `github`, `slack` or `discord`. */
  readonly integration: string;
  readonly delivery_id: string;
  /** Null where the time of signing says what is old. */
  readonly digest: string | null;
  readonly kind: string;
  readonly action: string | null;
  readonly received_at: number;
}
