import { createClient, type VolaryClient, VolaryConnectionError } from '@volary/sdk';
import type { Context } from './context.ts';
import { type Endpoint, findEndpoint } from './endpoint.ts';
import { CliError, usageError } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { savedCredentials } from './login/login-credentials.ts';
import type { Env } from './paths.ts';
import { trustCertificate } from './trust.ts';

/** What a header of HTTP can carry. */
const SENDABLE = /^[\x21-\x7e]+$/;

/** A client of the server that the command line means. Throws a `CliError` where there is no key to show it. */
export async function connect(context: Context): Promise<VolaryClient> {
  return connectTo(await findEndpoint(context.globals, context.env), context.env);
}

/** The address of the server, for what needs no key: `given`, else as `connect`. Its certificate is believed from now on. */
export async function reachServer({ globals, env }: Context, given: string | undefined): Promise<string> {
  const { url, certificate } = await findEndpoint({ ...globals, ...(given === undefined ? {} : { url: given }) }, env);
  if (certificate !== undefined) trustCertificate(certificate);
  return url;
}

/** A client of this server. Throws a `CliError` where there is no key to show it, or what was given can be none. */
export async function connectTo({ url, key, login, certificate }: Endpoint, env: Env): Promise<VolaryClient> {
  if (certificate !== undefined) trustCertificate(certificate);
  if (login !== undefined) return createClient({ baseUrl: url, apiKey: savedCredentials(env, url, login) });
  if (key !== null && !SENDABLE.test(key)) {
    // Not even in part is it shown: it may be another secret.
    throw usageError('The key is malformed: a key is printable ASCII without spaces.');
  }
  if (key !== null) return createClient({ baseUrl: url, apiKey: key });
  await requireAnswer(url);
  throw new CliError(`There is no key for the server at ${url}.`, {
    exitCode: EXIT_CODES.noServer,
    reason: 'cli.no_key',
    hint: 'log in: volary login; or give one: --key, --key-file or VOLARY_ADMIN_KEY (it is in admin.key of the data directory of the server)',
  });
}

/** Throws `VolaryConnectionError` where nobody answers, or nobody whose certificate is believed. */
async function requireAnswer(url: string): Promise<void> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
  } catch (error) {
    throw new VolaryConnectionError(url, error);
  }
}
