import { readFile } from 'node:fs/promises';
import { CliError, usageError } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { readLogin, type SavedLogin } from './login/login-file.ts';
import { dataDirectory, type Env, vmApiDirectory } from './paths.ts';
import { readAdminKey, readServerFile } from './server/server-file.ts';

/** The address of a server started with no options. */
export const DEFAULT_LISTEN = '127.0.0.1:7070';

export interface EndpointOptions {
  readonly url?: string;
  readonly key?: string;
  readonly keyFile?: string;
  readonly dataDir?: string;
  readonly ca?: string;
}

/** Which server to talk to, and what to show it. */
export interface Endpoint {
  readonly url: string;
  /** Null where none was found, or a login goes before it. */
  readonly key: string | null;
  /** By `volary login`. */
  readonly login?: SavedLogin;
  /** Believed besides those that the system believes, PEM; absent where nothing of that kind is known. */
  readonly certificate?: string;
}

/**
 * Finds the server: `--url`, `VOLARY_URL`, or the one that last used the data directory; and what to show it: `--key`,
 * `--key-file`, `VOLARY_ADMIN_KEY`, the login at this server, or the key in the data directory. The last is given to this machine
 * alone, so that a mistyped address never learns it. A certificate to believe is that of `--ca` or `VOLARY_CA`, else the one that the server of the
 * data directory has written down.
 */
export async function findEndpoint(options: EndpointOptions, env: Env): Promise<Endpoint> {
  const dataDir = await usedDirectory(options.dataDir, env);
  const asked = options.url ?? env['VOLARY_URL'] ?? '';
  const server = await readServerFile(dataDir);
  const url = parseUrl(asked === '' ? (server?.url ?? `http://${DEFAULT_LISTEN}`) : asked);
  const certificate = await findCertificate(options, env, server?.url === url.origin ? server.certificate : null);
  return {
    url: url.href.replace(/\/$/, ''),
    ...(await findCredential(options, env, { url, dataDir })),
    ...(certificate === null ? {} : { certificate }),
  };
}

/** The one that was told, else the usual one; that of `volary vm-api` where a server has used only this. */
async function usedDirectory(option: string | undefined, env: Env): Promise<string> {
  const usual = dataDirectory(option, env);
  if (usual !== dataDirectory(undefined, {}) || (await readServerFile(usual)) !== null) return usual;
  return (await readServerFile(vmApiDirectory())) === null ? usual : vmApiDirectory();
}

async function findCredential(
  options: EndpointOptions,
  env: Env,
  { url, dataDir }: { readonly url: URL; readonly dataDir: string },
): Promise<Pick<Endpoint, 'key' | 'login'>> {
  const given = await findGivenKey(options, env);
  if (given !== null) return { key: given };
  const login = await readLogin(env, url.href.replace(/\/$/, ''));
  if (login !== null) return { key: null, login };
  return { key: isLoopback(url) ? await readAdminKey(dataDir) : null };
}

async function findCertificate(options: EndpointOptions, env: Env, pinned: string | null): Promise<string | null> {
  const path = options.ca ?? env['VOLARY_CA'] ?? '';
  if (path === '') return pinned;
  const pem = await readFile(path, 'utf8').catch(() => null);
  if (pem === null) throw usageError(`The certificate ${path} cannot be read.`);
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw usageError(`${path} holds no certificate; one begins with -----BEGIN CERTIFICATE-----.`);
}

async function findGivenKey(options: EndpointOptions, env: Env): Promise<string | null> {
  if (options.key !== undefined) return options.key;
  if (options.keyFile !== undefined) return readKeyFile(options.keyFile);
  const fromEnv = env['VOLARY_ADMIN_KEY'] ?? '';
  return fromEnv === '' ? null : fromEnv;
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
