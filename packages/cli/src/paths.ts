import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export type Env = Readonly<Record<string, string | undefined>>;

/** The top of the checkout that this program runs from. */
export const REPOSITORY_ROOT = resolve(import.meta.dirname, '../../..');

/** The server's entry point: a program of its own, of which nothing is imported here. */
export const SERVER_ENTRY = join(REPOSITORY_ROOT, 'packages/server/src/main.ts');

/** Where a server keeps what must not be lost: `--data-dir`, `VOLARY_DATA_DIR`, or below the home directory. */
export function dataDirectory(option: string | undefined, env: Env): string {
  const chosen = option ?? nonEmpty(env['VOLARY_DATA_DIR']);
  return chosen === undefined ? join(homedir(), '.local/share/volary') : resolve(chosen);
}

/** Where `volary vm-api` keeps it. */
export function vmApiDirectory(): string {
  return join(homedir(), '.vm/api');
}

/** Where it keeps what can be built again: `VOLARY_CACHE_DIR`, or below the home directory. */
export function cacheDirectory(env: Env): string {
  return resolve(nonEmpty(env['VOLARY_CACHE_DIR']) ?? join(homedir(), '.cache/volary'));
}

/** Where the user's own settings lie, such as logins: `VOLARY_CONFIG_DIR`, or below the home directory. */
export function configDirectory(env: Env): string {
  const base = nonEmpty(env['XDG_CONFIG_HOME']) ?? join(homedir(), '.config');
  return resolve(nonEmpty(env['VOLARY_CONFIG_DIR']) ?? join(base, 'volary'));
}

/** How this program was called, for examples to be typed: the launcher tells. */
export function programName(env: Env): string {
  return nonEmpty(env['VOLARY_COMMAND']) ?? 'volary';
}

/** A text of ours with the commands in it as they are to be typed here: `volary ls` is `./volary ls` in a checkout. */
export function asTyped(text: string, env: Env): string {
  return text.replaceAll(/\bvolary (?=[a-z-])/g, `${programName(env)} `);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
