import { readFile } from 'node:fs/promises';
import { CliError } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { dataDirectory, type Env } from './paths.ts';
import { readAdminKey, readServerFile } from './server/server-file.ts';

/** The address of a server started with no options. */
export const DEFAULT_LISTEN = '127.0.0.1:7070';

export interface EndpointOptions {
  readonly url?: string;
  readonly key?: string;
  readonly keyFile?: string;
  readonly dataDir?: string;
}

/** Which server to talk to, and the key to show it; null where none was found. */
export interface Endpoint {
  readonly url: string;
  readonly key: string | null;
}

/**
 * Finds the server: `--url`, `VOLARY_URL`, or the one that last used the data directory; and the key: `--key`,
 * `--key-file`, `VOLARY_ADMIN_KEY`, or the one in the data directory. The last is given to this machine alone, so that
 * a mistyped address never learns it.
 */
export async function findEndpoint(options: EndpointOptions, env: Env): Promise<Endpoint> {
  const dataDir = dataDirectory(options.dataDir, env);
  const asked = options.url ?? env['VOLARY_URL'] ?? '';
  const url = parseUrl(asked === '' ? ((await readServerFile(dataDir))?.url ?? `http://${DEFAULT_LISTEN}`) : asked);
  return { url: url.href.replace(/\/$/, ''), key: await findKey(options, env, isLoopback(url) ? dataDir : null) };
}

async function findKey(options: EndpointOptions, env: Env, dataDir: string | null): Promise<string | null> {
  if (options.key !== undefined) return options.key;
  if (options.keyFile !== undefined) return readKeyFile(options.keyFile);
  const fromEnv = env['VOLARY_ADMIN_KEY'] ?? '';
  if (fromEnv !== '') return fromEnv;
  return dataDir === null ? null : readAdminKey(dataDir);
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new CliError(`The key file ${path} cannot be read.`, {
      exitCode: EXIT_CODES.usage,
      reason: 'cli.usage',
      cause,
    });
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new CliError(`"${text}" is not the address of a server.`, {
    exitCode: EXIT_CODES.usage,
    reason: 'cli.usage',
    hint: `an address looks like http://${DEFAULT_LISTEN}`,
  });
}

function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname);
}
