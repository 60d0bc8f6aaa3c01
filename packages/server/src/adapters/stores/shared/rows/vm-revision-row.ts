/** How a VM was set, as Kysely types its queries; see schema.ts. Never changed. */
export interface VmRevisionRow {
  readonly vm_id: string;
  readonly number: number;
  readonly at: number;
  readonly author: string;
  readonly request_id: string | null;
  /** JSON: `{ kind, to? }`. */
  readonly cause: string;
  /** JSON: by path. */
  readonly changes: string;
  /** JSON: the columns of the VM that are settings, as they were written then. */
  readonly settings: string;
}
