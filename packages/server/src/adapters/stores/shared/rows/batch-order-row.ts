export interface BatchOrderRow {
  readonly operation_id: string;
  /** JSON: as `BatchOrders`. */
  readonly content: string;
}
