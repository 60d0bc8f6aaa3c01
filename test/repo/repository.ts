/** The repository's own files, as the tests of the repository read them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Files that are written by programs or are law texts: no rule about hand-written text holds for them. */
const NOT_WRITTEN_BY_HAND = /^(docs\/api\/.*\.json|bench\/results\/.*|(.*\/)?package-lock\.json|LICENSE)$/;

/** Paths of the files under version control or about to be, relative to the root, as git sees them. */
export function listFiles(): readonly string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

/** Those of `listFiles` that people write. */
export function listWrittenFiles(): readonly string[] {
  return listFiles().filter((path) => !NOT_WRITTEN_BY_HAND.test(path));
}

/** A file's text; throws where there is no such file, so a missing document fails the test that needs it. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** True if a path of the repository is a file or a folder. */
export function exists(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** True if a path of the repository is a folder. */
export function isFolder(path: string): boolean {
  return exists(path) && statSync(join(ROOT, path)).isDirectory();
}

/** Number of lines in a text; an end of line at the end starts no new one. */
export function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}
