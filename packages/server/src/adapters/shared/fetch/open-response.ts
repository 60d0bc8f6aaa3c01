import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { AllowedTargets } from '../../../domain/net/target.ts';
import { isLocalLiteral } from '../../../domain/net/target.ts';
import { request as requestHttp } from '../../../lib/node-http.ts';
import { answerWith, type Resolve, resolveTarget } from '../resolve-target.ts';
import { invalidUrl, sentAstray, targetRefused, tooManyRedirects, unavailable } from './fetch-errors.ts';

/** How often a download is sent on elsewhere. */
const MAX_REDIRECTS = 5;

export interface Target {
  readonly url: URL;
  /** Whether the URL itself may name an address of this machine or a private network; where it leads to then may not. */
  readonly isLocalAllowed: boolean;
}

export interface Connecting {
  readonly resolve: Resolve;
  readonly allowed: AllowedTargets;
  readonly userAgent: string;
  /** How long nothing may come. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

export interface OpenedResponse {
  /** Where the download was sent on to in the end. */
  readonly url: URL;
  readonly response: IncomingMessage;
}

/** The URL, checked. Throws `invalid_argument` download.invalid_url. */
export function parseDownloadUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !isDownloadUrl(url)) throw invalidUrl();
  return url;
}

function isDownloadUrl({ protocol, port, username, password }: URL): boolean {
  return /^https?:$/.test(protocol) && port !== '0' && username === '' && password === '';
}

/**
 * Asks for a file and follows where it is sent on to, judging each address before it is connected to. Its body is for the caller to read or to
 * destroy. Throws `invalid_argument` download.target_refused, `failed_precondition` download.too_many_redirects, download.refused, `unavailable`
 * download.unavailable, or the signal's reason.
 */
export async function openResponse(
  target: Target,
  headers: Readonly<Record<string, string>>,
  connecting: Connecting,
): Promise<OpenedResponse> {
  let { url } = target;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const isRedirect = redirects > 0;
    const addresses = await judge(
      url,
      { isLocalAllowed: target.isLocalAllowed && !isRedirect, isRedirect },
      connecting,
    );
    const response = await ask(url, addresses, headers, connecting);
    const { statusCode = 0, headers: answered } = response;
    if (![301, 302, 303, 307, 308].includes(statusCode)) return { url, response };
    response.destroy();
    const location = answered.location ?? '';
    if (!URL.canParse(location, url.href)) throw unavailable(url, 'sends the download on to nowhere');
    const next = new URL(location, url);
    if (!isDownloadUrl(next)) throw sentAstray(url);
    url = next;
  }
  throw tooManyRedirects(target.url);
}

async function judge(
  url: URL,
  { isLocalAllowed, isRedirect }: { readonly isLocalAllowed: boolean; readonly isRedirect: boolean },
  { resolve, allowed, signal }: Connecting,
): Promise<readonly string[]> {
  if (isLocalAllowed && isLocalLiteral(url)) return [url.hostname.replace(/^\[(.*)\]$/, '$1')];
  const found = await resolveTarget(url, { resolve, allowed, signal });
  if (found.kind === 'refused') throw targetRefused(url, { isRedirect });
  if (found.kind === 'unresolved') throw unavailable(url, 'has no address', found.cause);
  return found.addresses;
}

function ask(
  url: URL,
  addresses: readonly string[],
  headers: Readonly<Record<string, string>>,
  { userAgent, stallMs, signal }: Connecting,
): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': userAgent, ...headers },
      // A name is not looked up again: it could have another address by now.
      lookup: answerWith(addresses),
      agent: false,
      maxHeaderSize: 16_384,
      timeout: stallMs,
      signal,
    });
    const fail = (error: unknown): void => {
      reject(signal.aborted ? signal.reason : unavailable(url, 'cannot be reached', error));
    };
    // Also while the body comes: a connection on which nothing moves is given up.
    request.on('timeout', () => request.destroy(new Error(`nothing came for ${stallMs} ms`)));
    request.on('error', fail);
    request.on('close', () => fail(new Error('the connection was closed without an answer')));
    // An answer that begins by drops moves all the time, and never comes.
    const late = setTimeout(() => request.destroy(new Error(`no answer within ${stallMs} ms`)), stallMs);
    request.on('close', () => clearTimeout(late));
    request.on('response', (response) => {
      clearTimeout(late);
      resolve(response);
    });
    request.end();
  });
}
