import type { IncomingHttpHeaders } from 'node:http';
import { BEARER_PROTOCOL_PREFIX } from '@volary/contract';
import type { Credentials } from '../../engine/identity/credentials.ts';

/** What these headers present; only with those of a handshake may it be among the protocols. Null if they present nothing. */
export function credentialsOf(headers: IncomingHttpHeaders, isHandshake: boolean): Credentials | null {
  const { authorization, 'x-api-key': apiKey } = headers;
  if (authorization !== undefined) return bearer(/^bearer +(\S+) *$/i.exec(authorization)?.[1]);
  if (typeof apiKey === 'string' && apiKey !== '') return { kind: 'key', value: apiKey };
  return isHandshake ? bearer(amongProtocols(headers['sec-websocket-protocol'] ?? '')) : null;
}

function bearer(value: string | undefined): Credentials | null {
  return value === undefined ? null : { kind: 'bearer', value };
}

/** A browser can give a WebSocket no header of its own, but protocols; a key in the URL would stand in logs and histories. */
function amongProtocols(protocols: string): string | undefined {
  const offered = protocols.split(',').map((protocol) => protocol.trim());
  const presented = offered.find((protocol) => protocol.startsWith(BEARER_PROTOCOL_PREFIX));
  if (presented === undefined) return undefined;
  try {
    return decodeURIComponent(presented.slice(BEARER_PROTOCOL_PREFIX.length));
  } catch (error) {
    if (error instanceof URIError) return '';
    throw error;
  }
}
