import type { ToolPack, ToolRequest, VmTool } from '../domain/tool/tool.ts';
import type { Abortable } from './guest-link.ts';
import type { BuildProgress } from './image-source.ts';

/** A tool that there is, whether built or not. */
export interface CatalogueEntry {
  readonly name: string;
  readonly description: string;
  /** Other names for it. */
  readonly aliases: readonly string[];
  /** Where its versions come from; also ranges by which one of them is meant. */
  readonly sources: readonly string[];
}

/**
 * The tools of the catalogue, and the packs that were built of them on this host. Packs can be built again at any time: a VM keeps what it
 * needs. Each method takes a name or an alias.
 */
export interface ToolSource {
  /** All tools that there are. Throws `invalid_argument` tool.bad_catalogue. */
  catalogue(): Promise<readonly CatalogueEntry[]>;
  /**
   * The exact version that is meant. A version that was built and is in the range is taken without a look at the network; `latest`, or none,
   * is looked up once a day. The digest is that of a pack that is there, else null. Throws `invalid_argument` tool.unknown, tool.unknown_version,
   * tool.invalid_range, each with what there is; `unavailable` tool.unreachable with what can be had instead.
   */
  resolve(request: ToolRequest, options: Abortable): Promise<VmTool>;
  /** Versions that can be asked for, newest first. Throws `invalid_argument` tool.unknown; `unavailable` tool.unreachable. */
  versions(name: string, options: Abortable): Promise<readonly string[]>;
  /** The pack of exactly this version: the newest, or that of this digest; null: it has not been built, or was removed. */
  find(tool: Pick<VmTool, 'name' | 'version'>, digest?: string): Promise<ToolPack | null>;
  /**
   * Builds the pack unless it is there. One build serves all who ask for it; an abort or a fault leaves nothing half-made. Throws what
   * `resolve` does, `failed_precondition` tool.build_failed (with the failing program's last words), tool.program_missing, download.*;
   * `resource_exhausted` tool.no_room.
   */
  ensure(
    tool: Pick<VmTool, 'name' | 'version'>,
    options: Abortable & { readonly onProgress: (progress: BuildProgress) => void },
  ): Promise<ToolPack>;
  /** All that are built, newest first. */
  list(): Promise<readonly ToolPack[]>;
  /** A VM was given it. */
  noteUsed(digest: string): Promise<void>;
  /** Removes the pack with this digest; true if it was there. */
  remove(digest: string): Promise<boolean>;
}
