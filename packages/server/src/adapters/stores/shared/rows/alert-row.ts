export interface AlertRow {
  readonly id: string;
  readonly kind: string;
  readonly vm_id: string;
  readonly vm_name: string;
  readonly owner: string;
  readonly state: string;
  readonly threshold: number | null;
  readonly value: number | null;
  readonly message: string;
  readonly fired_at: number;
  readonly resolved_at: number | null;
}
