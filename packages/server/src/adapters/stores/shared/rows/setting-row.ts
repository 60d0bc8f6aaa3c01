export interface SettingRow {
  readonly name: string;
  readonly value: string;
}
