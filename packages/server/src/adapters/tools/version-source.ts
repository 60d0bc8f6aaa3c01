import type { BuildProgress } from '../../ports/image-source.ts';
import type { Fetcher } from '../shared/fetch/fetcher.ts';

export interface FetchVersion {
  readonly version: string;
  /** An empty directory, which becomes what the pack holds. */
  readonly into: string;
  /** A directory for what is needed meanwhile; downloads that broke off are in it when the same version is asked for again. */
  readonly work: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BuildProgress) => void;
}

/** Where versions of a tool come from. */
export interface VersionSource {
  /** In no order. Throws `unavailable` download.unavailable, and what the fetcher throws. */
  versions(options: { readonly signal: AbortSignal }): Promise<readonly string[]>;
  /** Puts what there is of this version into a directory, its checksums looked at. */
  fetch(request: FetchVersion): Promise<void>;
}

/** What sources are made with. */
export interface SourceDeps {
  readonly fetcher: Fetcher;
  /** The npm registry, without a slash at its end. */
  readonly registry: string;
  /** `packs` below the cache: where sources keep what they need between two builds. */
  readonly stateDir: string;
}

/** More than that is no tool. */
export const MOST_BYTES = 4 * 1024 ** 3;

/** How far a download is, for people. */
export function tellDownload(
  what: string,
  onProgress: FetchVersion['onProgress'],
): (progress: { readonly receivedBytes: number; readonly totalBytes: number | null }) => void {
  return ({ receivedBytes, totalBytes }) => {
    const mib = Math.round(receivedBytes / 1024 ** 2);
    const of = totalBytes === null ? '' : ` of ${Math.round(totalBytes / 1024 ** 2)}`;
    const fraction = totalBytes === null || totalBytes === 0 ? null : (0.6 * receivedBytes) / totalBytes;
    onProgress({ step: 'fetch', fraction, message: `${what}: ${mib}${of} MiB` });
  };
}
