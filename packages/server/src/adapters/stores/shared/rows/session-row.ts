export interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly owner: string;
  readonly generation: number;
  readonly rotates: number;
  readonly user_agent: string;
  readonly address: string | null;
  readonly created_at: number;
  readonly last_used_at: number;
  readonly expires_at: number;
  /** Set together. */
  readonly ended_at: number | null;
  readonly ended_because: string | null;
  readonly revision: number;
}

export interface SigningKeyRow {
  readonly key_id: string;
  /** JSON: the public half. */
  readonly jwk: string;
  readonly sealed_private_key: string;
  readonly created_at: number;
  readonly signs_from: number;
}
