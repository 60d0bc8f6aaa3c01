import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type IpAddress, type IpRange, isWithin, parseIp, unmapped } from '../lib/ip-address.ts';

/** Whom the server believes about who calls. */
export interface TrustedProxies {
  readonly ranges: readonly IpRange[];
  readonly header: 'x-forwarded-for' | 'forwarded';
}

export interface ClientAddresses {
  /** The caller's address: the peer's own, or what trusted proxies say. Null for a connection that is gone already. */
  of(request: IncomingMessage): string | null;
  /** True when the other end of the connection is a trusted proxy: only then do headers say whom it speaks for. */
  isProxied(request: IncomingMessage): boolean;
}

interface Peer {
  readonly address: string | null;
  readonly isTrusted: boolean;
}

/** More proxies than this in a row are none. */
const MOST_HOPS = 32;

/**
 * Each proxy adds, on the right, the address that it was called from. So the list is read from the right for as long as those who
 * say so are trusted: the first that is not is the caller, and what stands left of it is the caller's own invention. One header
 * counts alone: a proxy that writes one of the two passes the other on as the caller has sent it.
 */
export function createClientAddresses({ ranges, header }: TrustedProxies): ClientAddresses {
  // A connection's address does not change, and most connections carry many requests.
  const peers = new WeakMap<Socket, Peer>();

  function isTrusted(address: IpAddress | null): boolean {
    return address !== null && ranges.some((range) => isWithin(address, range));
  }

  function peerOf({ socket }: IncomingMessage): Peer {
    const known = peers.get(socket);
    if (known !== undefined) return known;
    const address = readAddress(socket.remoteAddress ?? '');
    const peer = { address: address?.text ?? null, isTrusted: isTrusted(address?.ip ?? null) };
    peers.set(socket, peer);
    return peer;
  }

  return {
    of(request) {
      const peer = peerOf(request);
      if (!peer.isTrusted) return peer.address;
      let client = peer.address;
      for (const hop of hopsOf(request, header)) {
        const address = readAddress(hop);
        // A proxy that hides or garbles whom it was called by stands for them.
        if (address === null) return client;
        client = address.text;
        if (!isTrusted(address.ip)) return client;
      }
      return client;
    },
    isProxied: (request) => peerOf(request).isTrusted,
  };
}

/** The hops as they are written, the last first. */
function hopsOf({ headers }: IncomingMessage, header: TrustedProxies['header']): readonly string[] {
  const value = headers[header];
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  const parts = text === '' ? [] : splitOutsideQuotes(text, ',').slice(-MOST_HOPS).reverse();
  return header === 'x-forwarded-for' ? parts : parts.map(forOf);
}

/** The `for` of one element of `Forwarded` (RFC 7239), without its quotes; empty where it has none. */
function forOf(element: string): string {
  const pair = splitOutsideQuotes(element, ';').find((part) => /^\s*for\s*=/i.test(part));
  return (pair?.slice(pair.indexOf('=') + 1) ?? '').trim().replace(/^"(.*)"$/, '$1');
}

/** Nothing of a text in which a quote stays open: a caller who leaves one open would have what proxies add taken for its end. */
function splitOutsideQuotes(text: string, separator: ',' | ';'): readonly string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === '\\' && isQuoted) i += 1;
    else if (letter === '"') isQuoted = !isQuoted;
    else if (letter === separator && !isQuoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return isQuoted ? [] : [...parts, text.slice(start)];
}

/** An address as proxies write it, also with a port (`192.0.2.1:4711`, `[2001:db8::1]:4711`). Null for a name, `unknown` or `_hidden`. */
function readAddress(written: string): { readonly ip: IpAddress; readonly text: string } | null {
  const text = written.trim();
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/.exec(text)?.[1] ?? text;
  const parsed = parseIp(bare);
  if (parsed === null) return null;
  const ip = unmapped(parsed);
  return { ip, text: ip.version === parsed.version ? bare : dotted(ip.bits) };
}

function dotted(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join('.');
}
