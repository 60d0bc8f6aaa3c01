export interface OperationRow {
  readonly id: string;
  readonly kind: string;
  /** `vm`, `image` or `snapshot`. */
  readonly subject_kind: string;
  readonly subject_name: string;
  /** Set when the subject is a VM. */
  readonly vm_id: string | null;
  /** Set when the subject is a snapshot. */
  readonly snapshot_id: string | null;
  /** Set when the subject is a volume. */
  readonly volume_id: string | null;
  readonly generation: number;
  readonly state: string;
  readonly steps: string;
  readonly progress: string | null;
  readonly result: string;
  readonly error: string | null;
  readonly principal: string;
  readonly owner: string;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly completed_at: number | null;
  readonly deadline_at: number;
  readonly trace: string | null;
  readonly revision: number;
}
