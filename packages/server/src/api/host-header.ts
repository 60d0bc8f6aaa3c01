import type { IncomingHttpHeaders } from 'node:http';
import { type IpAddress, isWithin, LOOPBACK, parseIp, unmapped } from '../lib/ip-address.ts';

/**
 * True when a `Host` header names this machine by itself: `localhost` or an address of the loopback, with any port.
 *
 * Where being local is what identifies a caller, this has to hold as well: a page in a browser on this machine can have a name of
 * its own lead to 127.0.0.1 (DNS rebinding), and the browser then sends its requests here, with that name.
 */
export function isLocalHostHeader(host: string | undefined): boolean {
  const name = nameIn(host);
  if (name.toLowerCase() === 'localhost') return true;
  const address = addressIn(name);
  return address !== null && LOOPBACK.some((range) => isWithin(address, range));
}

/** The ends of a connection, as its socket has them. */
export interface Ends {
  readonly remoteAddress?: string | undefined;
  readonly localAddress?: string | undefined;
}

/** True when the other end of the connection is the loopback of this machine. */
function isFromLoopback({ remoteAddress = '' }: Ends): boolean {
  const address = addressIn(remoteAddress);
  return address !== null && LOOPBACK.some((range) => isWithin(address, range));
}

/** With one of these, or any `X-Forwarded-…`, a request has come by way of somebody, and nobody knows from where. */
const PASSED_ON = ['forwarded', 'via', 'x-real-ip', 'x-vm-user'];

/** True for a request that somebody on this machine has sent, and nobody has passed on: by its connection, by what it calls the server, and by its headers. */
export function isLocalRequest({
  socket,
  headers,
}: {
  readonly socket: Ends;
  readonly headers: IncomingHttpHeaders;
}): boolean {
  const isPassedOn = Object.keys(headers).some((name) => PASSED_ON.includes(name) || name.startsWith('x-forwarded-'));
  return isFromLoopback(socket) && isLocalHostHeader(headers.host) && !isPassedOn;
}

/** True when the other end of the connection is this machine too: its loopback, or the very address that was called. */
export function isFromHere({ remoteAddress = '', localAddress = '' }: Ends): boolean {
  const address = addressIn(remoteAddress);
  if (address === null) return false;
  return LOOPBACK.some((range) => isWithin(address, range)) || isSame(address, addressIn(localAddress));
}

/** True when a `Host` header names this machine by itself, or by the address that was called: by no name that may lead anywhere. */
export function isOwnHost(host: string | undefined, { localAddress = '' }: Ends): boolean {
  const address = addressIn(nameIn(host));
  return isLocalHostHeader(host) || (address !== null && isSame(address, addressIn(localAddress)));
}

/** Without the port. */
function nameIn(host: string | undefined): string {
  return /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(host ?? '')?.[1] ?? '';
}

function addressIn(text: string): IpAddress | null {
  const address = parseIp(text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text);
  return address === null ? null : unmapped(address);
}

function isSame(one: IpAddress, other: IpAddress | null): boolean {
  return other !== null && one.version === other.version && one.bits === other.bits;
}
