import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { VolaryError } from '../domain/errors.ts';

/** A certificate and its key that go together, PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Of the certificate itself; the others of the file are those that vouch for it. */
  readonly leaf: X509Certificate;
}

/**
 * Reads a certificate with its key, and holds one against the other, so that what is wrong is told here and not by each
 * caller's handshake. Throws `failed_precondition` config.tls with a sentence that names the file.
 */
export function readTlsFiles(
  { certPath, keyPath }: { readonly certPath: string; readonly keyPath: string },
  now: number,
): TlsFiles {
  const cert = read(certPath, 'certificate');
  const key = read(keyPath, 'key');
  const leaf = parseCertificate(cert, certPath);
  if (!leaf.checkPrivateKey(parseKey(key, keyPath)))
    throw refused(`The key in ${keyPath} is not that of the certificate in ${certPath}.`);
  const [from, to] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()];
  if (now > to) throw refused(`The certificate in ${certPath} has expired on ${new Date(to).toISOString()}.`);
  if (now < from) throw refused(`The certificate in ${certPath} is not valid before ${new Date(from).toISOString()}.`);
  return { cert, key, leaf };
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    const why = code === 'ENOENT' ? 'it is not there' : code === 'EACCES' ? 'it may not be read' : 'it cannot be read';
    throw refused(`The ${what} of TLS, ${path}: ${why}.`, cause);
  }
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw refused(`${path} holds no certificate; one begins with -----BEGIN CERTIFICATE-----.`, cause);
  }
}

function parseKey(pem: string, path: string): KeyObject {
  if (pem.includes('ENCRYPTED'))
    throw refused(`The key in ${path} is encrypted; give one that is not, in a file that only the server may read.`);
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw refused(`${path} holds no private key; one begins with -----BEGIN PRIVATE KEY-----.`, cause);
  }
}

function refused(message: string, cause?: unknown): VolaryError {
  return new VolaryError('failed_precondition', message, {
    reason: 'config.tls',
    ...(cause === undefined ? {} : { cause }),
  });
}
