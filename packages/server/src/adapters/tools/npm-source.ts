import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import { newestOf, parseRange } from '../../domain/tool/version-range.ts';
import { dictionaryOf, optional, record, text } from '../../lib/shape.ts';
import type { NpmSource } from './catalogue.ts';
import { runTool } from './run-tool.ts';
import { type FetchVersion, MOST_BYTES, type SourceDeps, tellDownload, type VersionSource } from './version-source.ts';

/** What the registry says of a package; of popular ones it is some megabytes. */
const PACKUMENT_BYTES = 64 * 1024 ** 2;
const PACKUMENT = record({
  versions: dictionaryOf(record({ dist: record({ tarball: text, integrity: optional(text) }) })),
});
const ABBREVIATED = 'application/vnd.npm.install-v1+json';

/** Versions of an npm package: its tarball, and those of other packages that belong to it. */
export function createNpmSource(source: NpmSource, { fetcher, registry }: SourceDeps): VersionSource {
  async function packument(name: string, signal: AbortSignal) {
    const url = `${registry}/${name.replace('/', '%2f')}`;
    const bytes = await fetcher.fetchBytes({ url, maxBytes: PACKUMENT_BYTES, accept: ABBREVIATED, signal });
    const value = parseJson(bytes);
    if (!PACKUMENT(value)) throw notUnderstood(name);
    return value;
  }

  /** Its files are in a directory of their own within the tarball, whatever that is called. */
  async function unpack(name: string, version: string, into: string, request: FetchVersion): Promise<void> {
    const { work, signal, onProgress } = request;
    const dist = (await packument(name, signal)).versions[version]?.dist;
    const sha512 = /^sha512-([A-Za-z0-9+/=]+)$/.exec(dist?.integrity ?? '')?.[1];
    // Without it nothing says that this is what was published.
    if (dist === undefined || sha512 === undefined) throw notUnderstood(name);
    const partPath = join(work, `${name.replaceAll('/', '+')}-${version}.tgz`);
    const expected = Buffer.from(sha512, 'base64').toString('hex');
    await fetcher.fetchFile({
      ...{ url: dist.tarball, partPath, maxBytes: MOST_BYTES, signal },
      checksum: { algorithm: 'sha512', expected },
      onProgress: tellDownload(name, onProgress),
    });
    await mkdir(into, { recursive: true });
    await untar(partPath, { into, strip: 1, signal });
    await rm(partPath, { force: true });
  }

  return {
    versions: async ({ signal }) => Object.keys((await packument(source.package, signal)).versions),
    async fetch(request) {
      await unpack(source.package, request.version, request.into, request);
      for (const { package: name, range, into } of source.with ?? []) {
        const { versions } = await packument(name, request.signal);
        const version = newestOf(Object.keys(versions), parseRange(range) ?? undefined);
        if (version === null) throw notUnderstood(name);
        await unpack(name, version, join(request.into, into), request);
      }
    },
  };
}

/** Unpacks an archive; names that lead elsewhere are refused by tar itself. */
export async function untar(
  archive: string,
  { into, strip, signal }: { readonly into: string; readonly strip: number; readonly signal: AbortSignal },
): Promise<void> {
  const args = ['--extract', '--auto-compress', '--no-same-owner', '--no-same-permissions'];
  await runTool('tar', [...args, `--strip-components=${strip}`, `--directory=${into}`, `--file=${archive}`], {
    ...{ what: 'unpacking the archive', signal, hidden: [archive, into] },
  });
}

function notUnderstood(name: string): VolaryError {
  return new VolaryError('unavailable', `The npm registry says nothing of ${name} that can be used.`, {
    reason: 'download.unavailable',
  });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Told by the check that follows.
    return null;
  }
}
