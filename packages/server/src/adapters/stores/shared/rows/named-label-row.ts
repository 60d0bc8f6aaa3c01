export interface NamedLabelRow {
  readonly kind: string;
  readonly name: string;
  /** JSON: texts by name. */
  readonly labels: string;
}
