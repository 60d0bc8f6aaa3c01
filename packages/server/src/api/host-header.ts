import { isWithin, LOOPBACK, parseIp, unmapped } from '../lib/ip-address.ts';

/**
 * True when a `Host` header names this machine by itself: `localhost` or an address of the loopback, with any port.
 *
 * Where being local is what identifies a caller, this has to hold as well: a page in a browser on this machine can have a name of
 * its own lead to 127.0.0.1 (DNS rebinding), and the browser then sends its requests here, with that name.
 */
export function isLocalHostHeader(host: string | undefined): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(host ?? '')?.[1] ?? '';
  if (name.toLowerCase() === 'localhost') return true;
  const address = name.startsWith('[') ? parseIp(name.slice(1, -1)) : parseIp(name);
  return address !== null && LOOPBACK.some((range) => isWithin(unmapped(address), range));
}
