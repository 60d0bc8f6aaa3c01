import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoginTokens } from '@volary/sdk';
import { CliError } from '../errors.ts';
import { configDirectory, type Env } from '../paths.ts';

/** A login that is kept for later commands. */
export interface SavedLogin extends LoginTokens {
  /** Name of the user. */
  readonly user: string;
}

/** Held while a refresh token is used: one that two programs use at once looks like a copied one, and ends the session. */
const LOCK_PATIENCE_MS = 15_000;
const LOCK_STALE_MS = 60_000;
const LOCK_POLL_MS = 25;

/** The login at this server; null where there is none. */
export async function readLogin(env: Env, url: string): Promise<SavedLogin | null> {
  return (await readAll(env)).get(url) ?? null;
}

/** Keeps the login at this server, for this user of the machine alone; null: forgets it. Only while the lock is held. */
export async function writeLogin(env: Env, url: string, login: SavedLogin | null): Promise<void> {
  const all = new Map(await readAll(env));
  if (login === null) all.delete(url);
  else all.set(url, login);
  const path = filePath(env);
  const fresh = `${path}.${process.pid}`;
  await mkdir(configDirectory(env), { recursive: true, mode: 0o700 });
  try {
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(Object.fromEntries([...all].map(toEntry)), null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } finally {
    await rm(fresh, { force: true });
  }
}

/** Runs `work` while no other program of this user does so. */
export async function withLoginLock<T>(env: Env, work: () => Promise<T>): Promise<T> {
  const path = join(configDirectory(env), 'logins.lock');
  await mkdir(configDirectory(env), { recursive: true, mode: 0o700 });
  const deadline = Date.now() + LOCK_PATIENCE_MS;
  while (!(await takeLock(path))) {
    if (Date.now() > deadline) {
      throw new CliError('Another program is renewing the login and has not finished.', {
        reason: 'cli.login_locked',
        hint: `if there is none, remove ${path}`,
      });
    }
    await sleep(LOCK_POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function takeLock(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  // Left by a program that was killed: nobody needs so long.
  const age = Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? Date.now());
  if (age > LOCK_STALE_MS) await rm(path, { force: true });
  return false;
}

async function readAll(env: Env): Promise<ReadonlyMap<string, SavedLogin>> {
  const path = filePath(env);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return new Map();
    throw new CliError(`${path} cannot be read.`, { reason: 'cli.login_file', cause: error });
  }
  return new Map(Object.entries(parse(text, path)).flatMap(([url, entry]) => toLogin(url, entry)));
}

function parse(text: string, path: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw damaged(path, cause);
  }
  throw damaged(path, undefined);
}

function damaged(path: string, cause: unknown): CliError {
  return new CliError(`${path} is damaged.`, { reason: 'cli.login_file', hint: 'remove it, and log in again', cause });
}

function toLogin(url: string, entry: unknown): readonly (readonly [string, SavedLogin])[] {
  const { access_token, refresh_token, expires_at, user } = { ...Object(entry) };
  const isWhole =
    typeof access_token === 'string' &&
    typeof refresh_token === 'string' &&
    typeof expires_at === 'number' &&
    typeof user === 'string';
  return isWhole
    ? [[url, { accessToken: access_token, refreshToken: refresh_token, expiresAt: expires_at, user }]]
    : [];
}

function toEntry([url, { accessToken, refreshToken, expiresAt, user }]: readonly [string, SavedLogin]) {
  return [url, { access_token: accessToken, refresh_token: refreshToken, expires_at: expiresAt, user }] as const;
}

function filePath(env: Env): string {
  return join(configDirectory(env), 'logins.json');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
