/** Facts about the installation itself, by name: its id, its schema's age. */
export interface SettingTable {
  get(name: string): Promise<string | null>;
  /** Stores the value unless the name has one; returns the one that is stored. */
  getOrInsert(name: string, value: string): Promise<string>;
}
