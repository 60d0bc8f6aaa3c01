import type { TemplateId } from '../../domain/ids.ts';
import type { Template } from '../../domain/template/template.ts';
import type { EpochMs } from '../../domain/time.ts';

/** Versions of templates; of those that are being installed too, where nothing else is said. */
export interface TemplateTable {
  /** Throws `already_exists` template.exists when there is this version of it. */
  insert(template: Template): Promise<void>;
  get(id: TemplateId): Promise<Template | null>;
  /** All versions, in the order they were made. */
  listVersions(name: string): Promise<readonly Template[]>;
  /** Names of those with a version that is ready, sorted; only with versions of this owner, if one is given. */
  listNames(page: {
    readonly limit: number;
    readonly after: string | null;
    readonly owner?: string;
  }): Promise<readonly string[]>;
  /** Those that came with the program, in the order they were made. */
  listBuiltIn(): Promise<readonly Template[]>;
  /** Writes the row, but for when it was used, if its revision is still `template.revision - 1`; throws `conflict` store.revision otherwise. */
  update(template: Template): Promise<void>;
  /** Notes that a VM was made from this version at this moment, or later; of one that is gone nothing. */
  noteUsed(version: Pick<Template, 'name' | 'version'>, at: EpochMs): Promise<void>;
  /** Removes the row if its revision is still this one; throws `conflict` store.revision otherwise. */
  delete(id: TemplateId, revision: number): Promise<void>;
}
