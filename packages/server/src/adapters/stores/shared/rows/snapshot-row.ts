export interface SnapshotRow {
  readonly id: string;
  readonly name: string | null;
  readonly description: string;
  readonly labels: string;
  readonly state: string;
  readonly operation_id: string | null;
  /** JSON: `{ reason, message }`. */
  readonly failure: string | null;
  readonly is_temporary: number;
  readonly source_id: string;
  readonly source_name: string;
  readonly image: string;
  readonly image_digest: string;
  readonly vcpu_count: number;
  readonly memory_mib: number;
  readonly disk_gib: number;
  /** JSON: `{ mode, egress }`. */
  readonly network: string;
  /** JSON: what of the spec has no column of its own; what is missing has its default. */
  readonly spec: string;
  /** JSON, as those of a VM. */
  readonly secrets: string;
  readonly size_bytes: number | null;
  readonly halted_ms: number | null;
  readonly owner: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}
