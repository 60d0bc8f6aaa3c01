import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { VolaryError } from '../domain/errors.ts';

/** What a server leaves in its data directory from its first moments on. */
const OURS: ReadonlySet<string> = new Set([
  'volary.db',
  'vm.db',
  'server.lock',
  'admin.key',
  'secrets.key',
  'fingerprint.key',
  'server.json',
  'vms',
  'server.log',
]);

/**
 * Makes the data directory (mode 0700) unless it is there. One that is there has to be empty or ours: another's mode and files are
 * not touched. Throws `failed_precondition` config.data_dir with what to do.
 */
export function prepareDataDir(path: string): void {
  try {
    makeDirectories(path, 0o700);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw refused(
      `The data directory ${path} cannot be written; choose another with --data-dir, or make it yours with chown.`,
      'config.data_dir',
      error,
    );
  }
  const names = readdirSync(path);
  if (names.length > 0 && !names.some((name) => OURS.has(name))) {
    throw refused(
      `The data directory ${path} holds files of something else; choose an empty or a new one with --data-dir.`,
      'config.data_dir',
    );
  }
  if (statSync(path).uid === process.getuid?.()) chmodSync(path, 0o700);
}

/** Makes the cache directory unless it is there. Throws `failed_precondition` config.cache_dir with what to do. */
export function prepareCacheDir(path: string): void {
  try {
    makeDirectories(path, 0o755);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    readdirSync(path);
  } catch (error) {
    throw refused(
      `The cache directory ${path} cannot be written; choose another with VOLARY_CACHE_DIR, or make it yours with chown.`,
      'config.cache_dir',
      error,
    );
  }
}

/** One level at a time: on some file systems, such as /proc, Node's own recursion never ends. */
function makeDirectories(path: string, mode: number): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectories(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process may have been quicker.
    if (!existsSync(path)) throw error;
  }
}

function refused(message: string, reason: 'config.data_dir' | 'config.cache_dir', cause?: unknown): VolaryError {
  return new VolaryError('failed_precondition', message, { reason, ...(cause === undefined ? {} : { cause }) });
}
