import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, getCACertificates } from 'node:tls';

/** Where `fetch` looks for what connects: the one way to give the built-in one certificates of its own. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

/**
 * Has this process believe a certificate (PEM, also with those that vouch for it) besides those that the system believes. The first
 * of them is believed whatever the server is called by: it was pinned, so that no name is needed to know whose it is.
 */
export function trustCertificate(pem: string): void {
  const pinned = new X509Certificate(pem).raw;
  // Only with its first use is there one.
  new Headers();
  const dispatcher: unknown = Reflect.get(globalThis, DISPATCHER);
  if (typeof dispatcher !== 'object' || dispatcher === null)
    throw new TypeError('this Node.js cannot be told which certificates to believe');
  const connect = {
    ca: [...getCACertificates('default'), pem],
    // One that another has signed is enough by itself.
    allowPartialTrustChain: true,
    checkServerIdentity: (host: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      pinned.equals(certificate.raw) ? undefined : checkServerIdentity(host, certificate),
  };
  Reflect.set(globalThis, DISPATCHER, Reflect.construct(dispatcher.constructor, [{ connect }]));
}
