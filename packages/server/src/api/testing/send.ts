import type { Route } from '@volary/contract';
import type { Answer } from './conformance.ts';
import { ADMIN_KEY } from './run-server.ts';

/** The parts of a request to a route of the table. */
export interface Ask {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a Uint8Array as it is. */
  readonly body?: unknown;
}

/** Sends it with the admin's key (another with `headers.authorization`), and reads the whole answer. */
export async function send(
  url: string,
  route: Route,
  { params = {}, query = {}, headers = {}, body }: Ask,
): Promise<Answer> {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const init: RequestInit = { method: route.method, headers: { authorization: `Bearer ${ADMIN_KEY}`, ...headers } };
  if (body instanceof Uint8Array) {
    init.body = new Uint8Array(body);
  } else if (body !== undefined) {
    init.headers = { 'content-type': 'application/json', ...init.headers };
    init.body = JSON.stringify(body);
  }
  const response = await fetch(url + path + searchOf(query), init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function searchOf(query: Readonly<Record<string, unknown>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, textOf(one));
  }
  return search.size === 0 ? '' : `?${search}`;
}

/** The value as it may stand in a URL. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
