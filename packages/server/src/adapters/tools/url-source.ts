import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import type { UrlSource } from './catalogue.ts';
import { untar } from './npm-source.ts';
import { MOST_BYTES, type SourceDeps, tellDownload, type VersionSource } from './version-source.ts';

const CHECKSUMS_BYTES = 1024 ** 2;
const SHA256 = /^[0-9a-f]{64}$/;

/** Versions that the catalogue lists, of archives at URLs. */
export function createUrlSource(source: UrlSource, { fetcher }: Pick<SourceDeps, 'fetcher'>): VersionSource {
  const withVersion = (template: string, version: string): string => template.replaceAll('{version}', version);

  /** The catalogue's, or what its own site tells. */
  async function checksumOf(version: string, signal: AbortSignal): Promise<string> {
    const listed = source.versions[version] ?? null;
    if (listed !== null) return listed.toLowerCase();
    const url = withVersion(source.checksum_url ?? '', version);
    const bytes = await fetcher.fetchBytes({ url, maxBytes: CHECKSUMS_BYTES, signal });
    const found = findChecksum(
      new TextDecoder().decode(bytes),
      basename(new URL(withVersion(source.url, version)).pathname),
    );
    if (found !== null) return found;
    throw new VolaryError('unavailable', `${new URL(url).host} tells no SHA-256 of version ${version}.`, {
      reason: 'download.unavailable',
    });
  }

  return {
    versions: async () => Object.keys(source.versions),
    async fetch({ version, into, work, signal, onProgress }) {
      const url = withVersion(source.url, version);
      const expected = await checksumOf(version, signal);
      const partPath = join(work, basename(new URL(url).pathname));
      const checksum = { algorithm: 'sha256', expected } as const;
      const onBytes = tellDownload(new URL(url).host, onProgress);
      await fetcher.fetchFile({ url, partPath, maxBytes: MOST_BYTES, signal, checksum, onProgress: onBytes });
      await untar(partPath, { into, strip: source.strip ?? 0, signal });
      await rm(partPath, { force: true });
    },
  };
}

/** As `sha256sum` writes them, or the sum alone. */
function findChecksum(content: string, fileName: string): string | null {
  const lines = content.split('\n').map((line) => line.trim().split(/\s+\*?/));
  const line =
    lines.find(([, name]) => name !== undefined && basename(name) === fileName) ??
    lines.find((parts) => parts.length === 1);
  const sum = line?.[0]?.toLowerCase() ?? '';
  return SHA256.test(sum) ? sum : null;
}
