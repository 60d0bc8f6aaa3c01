import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running server writes into its data directory, so that its clients find it. */
export interface ServerFile {
  readonly url: string;
  readonly pid: number;
  readonly startedAt: string;
  /** The certificate by which it is known, PEM; null where it speaks plain HTTP. */
  readonly certificate: string | null;
}

/** The server that wrote `server.json` into the data directory last, dead or alive; null where there is none. */
export async function readServerFile(dataDir: string): Promise<ServerFile | null> {
  const text = await readIfThere(join(dataDir, 'server.json'));
  if (text === null) return null;
  const value = parseRecord(text);
  const { url, pid, started_at: startedAt, certificate } = value;
  if (typeof url !== 'string' || typeof pid !== 'number') return null;
  return {
    url,
    pid,
    startedAt: typeof startedAt === 'string' ? startedAt : '',
    certificate: typeof certificate === 'string' ? certificate : null,
  };
}

/** The bootstrap admin key of the server with this data directory; null where there is none that we may read. */
export async function readAdminKey(dataDir: string): Promise<string | null> {
  return (await readIfThere(join(dataDir, 'admin.key')))?.trim() ?? null;
}

/** True if this process exists and is a Volary server: its number alone may have passed to another program. */
export async function isServerAlive(pid: number): Promise<boolean> {
  return isServer(await commandLine(pid));
}

/** True if some process is a server that was told to use this data directory, ready or not. */
export async function isServerStarting(dataDir: string): Promise<boolean> {
  for (const name of await readdir('/proc')) {
    const words = /^\d+$/.test(name) ? await commandLine(Number(name)) : [];
    if (isServer(words) && words[words.indexOf('--data-dir') + 1] === dataDir) return true;
  }
  return false;
}

function isServer(words: readonly string[]): boolean {
  return words.some((word) => word.endsWith('packages/server/src/main.ts'));
}

async function commandLine(pid: number): Promise<readonly string[]> {
  return (await readIfThere(`/proc/${pid}/cmdline`))?.split('\0') ?? [];
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isExpected =
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'EACCES', 'ENOTDIR', 'ESRCH'].includes(String(error.code));
    if (isExpected) return null;
    throw error;
  }
}

/** The JSON object in this text; an empty one where there is none, since a file may be caught half written. */
function parseRecord(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
