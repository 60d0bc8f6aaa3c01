export interface ImageRow {
  readonly name: string;
  /** JSON: as `ImageDefinition`. */
  readonly definition: string;
  readonly owner: string;
  readonly template: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface ImageRequestRow {
  readonly operation_id: string;
  /** JSON: as `ImageDefinition`. */
  readonly definition: string;
  /** JSON: texts by name. */
  readonly labels: string | null;
}

export interface ImageUseRow {
  readonly name: string;
  readonly used_at: number;
}
