import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Build } from './api/face.ts';

/** The version of this server, from the package it lies in. */
export const VERSION: string = readVersion();

/** There is no build: what runs are the sources, and their date is when they were put here. */
export const BUILD: Build = {
  commit: readCommit(new URL('../../../.git/', import.meta.url)),
  date: statSync(new URL('../package.json', import.meta.url)).mtime.toISOString(),
  errors: readIfThere(new URL('../../../docs/errors.md', import.meta.url)),
};

/** Read from the files of a repository, so that nothing has to be started for it. */
function readCommit(repository: URL): string | null {
  const head = readIfThere(new URL('HEAD', repository));
  const ref = /^ref: (refs\/\S+)$/m.exec(head)?.[1];
  const hash = ref === undefined ? head : readIfThere(new URL(ref, repository)) || packed(repository, ref);
  return /^[0-9a-f]{40}/.test(hash) ? hash.slice(0, 12) : null;
}

function packed(repository: URL, ref: string): string {
  const lines = readIfThere(new URL('packed-refs', repository)).split('\n');
  return lines.find((line) => line.endsWith(` ${ref}`)) ?? '';
}

function readIfThere(url: URL): string {
  return existsSync(url) ? readFileSync(url, 'utf8') : '';
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
  ) {
    return manifest.version;
  }
  throw new TypeError('package.json has no version');
}
