/** A workspace, as Kysely types its queries; see schema.ts. */
export interface WorkspaceRow {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly vm_id: string;
  readonly labels: string;
  readonly metadata: string;
  readonly ttl_seconds: number | null;
  /** JSON: `{ url, ref, directory }`. */
  readonly repository: string | null;
  /** Of the setup, by itself: those that are to be gone on with are looked for by it. */
  readonly setup_state: string;
  readonly setup_message: string | null;
  /** JSON: `[{ kind, command, timeoutSeconds, state, executionId, tries, startedAt, completedAt }]`. */
  readonly setup_steps: string;
  readonly is_deleting: number;
  readonly generation: number;
  readonly revision: number;
  readonly created_at: number;
  readonly updated_at: number;
}
