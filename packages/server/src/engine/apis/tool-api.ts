import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { ToolPack } from '../../domain/tool/tool.ts';
import type { CatalogueEntry } from '../../ports/tool-source.ts';
import type { Once } from '../requests.ts';

type Labels = Readonly<Record<string, string>>;

/** A tool of the catalogue, and what was built of it, newest first. */
export interface ToolEntry extends CatalogueEntry {
  readonly packs: readonly ToolPack[];
  readonly labels: Labels;
}

export interface ToolApi {
  /** Throws `invalid_argument` selector.invalid. */
  list(principal: Principal, which?: { readonly selector?: string }): Promise<readonly ToolEntry[]>;
  /** Gives it other labels. Throws `invalid_argument` tool.unknown, vm.invalid_labels. */
  update(principal: Principal, name: string, change: { readonly labels?: Labels }): Promise<ToolEntry>;
  /**
   * Has a version built; `range` null: the newest of its default source. A build of it that is under way is returned as it is. Throws
   * `invalid_argument` tool.*, `unavailable` tool.unreachable.
   */
  build(
    principal: Principal,
    request: { readonly name: string; readonly range: string | null },
    options?: Once,
  ): Promise<Operation>;
  /** Throws `not_found` tool.not_built, `failed_precondition` tool.in_use. */
  remove(principal: Principal, ref: string): Promise<readonly ToolPack[]>;
}
