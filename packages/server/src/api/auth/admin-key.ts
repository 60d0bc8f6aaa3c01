import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BEARER_PROTOCOL_PREFIX } from '@volary/contract';
import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { ALL_RIGHTS } from '../../domain/principal/rights.ts';

const ADMIN: Principal = {
  kind: 'user',
  name: 'admin',
  rights: ALL_RIGHTS,
  credential: { kind: 'admin_key', id: null },
  origin: { address: null, requestId: null },
};

/** Who sends these headers; only with those of a handshake may the key be among the protocols. Throws `unauthenticated` auth.key_missing / auth.key_invalid. */
export type Authenticate = (headers: IncomingHttpHeaders, isHandshake: boolean) => Principal;

/**
 * Knows one key, the administrator's, by its digest: digests have one length, and are compared in constant time.
 *
 * `Host` and `Origin` are not checked against DNS rebinding: a page in a browser that is led here has no key to send, and a
 * browser adds none by itself, as it would a cookie.
 */
export function createAdminKeyAuthenticator(adminKey: string): Authenticate {
  const expected = digestOf(adminKey);
  return (headers, isHandshake) => {
    const key = presentedKey(headers, isHandshake);
    if (key === null) {
      throw new VolaryError('unauthenticated', 'Send a key: Authorization: Bearer KEY, or X-API-Key: KEY.', {
        reason: 'auth.key_missing',
      });
    }
    if (!timingSafeEqual(digestOf(key), expected)) {
      throw new VolaryError('unauthenticated', 'This key is not valid.', { reason: 'auth.key_invalid' });
    }
    return ADMIN;
  };
}

function presentedKey(headers: IncomingHttpHeaders, isHandshake: boolean): string | null {
  const { authorization, 'x-api-key': apiKey } = headers;
  if (authorization !== undefined) return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? null;
  if (typeof apiKey === 'string' && apiKey !== '') return apiKey;
  return isHandshake ? keyAmongProtocols(headers['sec-websocket-protocol'] ?? '') : null;
}

/** A browser can give a WebSocket no header of its own, but protocols; a key in the URL would stand in logs and histories. */
function keyAmongProtocols(protocols: string): string | null {
  const offered = protocols.split(',').map((protocol) => protocol.trim());
  const bearer = offered.find((protocol) => protocol.startsWith(BEARER_PROTOCOL_PREFIX));
  if (bearer === undefined) return null;
  try {
    return decodeURIComponent(bearer.slice(BEARER_PROTOCOL_PREFIX.length));
  } catch (error) {
    if (error instanceof URIError) return '';
    throw error;
  }
}

function digestOf(key: string): Uint8Array {
  return hash('sha256', key, 'buffer');
}
