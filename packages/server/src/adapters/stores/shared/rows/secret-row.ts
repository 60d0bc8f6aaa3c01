export interface SecretRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** JSON. */
  readonly labels: string;
  readonly description: string;
  readonly version: number;
  readonly size_bytes: number;
  readonly is_text: number;
  /** The value, sealed: it begins with the id of the key. */
  readonly sealed: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_used_at: number | null;
  readonly revision: number;
}
