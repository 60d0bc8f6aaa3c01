import type { EpochMs } from '../time.ts';

/** A tool of a VM, in one version. */
export interface VmTool {
  readonly name: string;
  /** Exact, as the catalogue's source calls it. */
  readonly version: string;
  /** SHA-256 of its pack, hexadecimal; null until that is built. */
  readonly digest: string | null;
}

/** What was asked for: a tool, and which of its versions; null: its default. */
export interface ToolRequest {
  readonly name: string;
  readonly range: string | null;
}

/** A tool in one version, built on this host. */
export interface ToolPack {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of its file, hexadecimal. */
  readonly digest: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly builtAt: EpochMs;
  /** When a VM was last given it, or it was built. */
  readonly usedAt: EpochMs;
}

const REQUEST = /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:@(.{1,64}))?$/;

/** `nodejs@20`, `bun`. Null for what is neither a name nor a name with a range. */
export function parseToolRequest(text: string): ToolRequest | null {
  const [, name, range] = REQUEST.exec(text) ?? [];
  return name === undefined ? null : { name, range: range ?? null };
}

/** As it is asked for exactly. */
export function toolText({ name, version }: Pick<VmTool, 'name' | 'version'>): string {
  return `${name}@${version}`;
}
