/** A version of a template, as Kysely types its queries; see schema.ts. */
export interface TemplateRow {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** JSON: `{ spec, tools, labels }`. */
  readonly content: string;
  readonly state: string;
  /** Set while it is being installed. */
  readonly operation_id: string | null;
  readonly is_enabled: number;
  readonly is_built_in: number;
  readonly owner: string;
  readonly created_at: number;
  readonly updated_at: number;
  /** Written by itself, beside the revision. */
  readonly last_used_at: number | null;
  readonly revision: number;
}
