import { CliError } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';

/** What OpenSSL and Node.js call a certificate that is not believed. */
const DISTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
]);

/** In a sentence, what else is wrong with one. */
const FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for other names than this one',
};

/** What is told where a server answers, and its TLS cannot be gone on with; null where the error is about something else. */
export function describeTlsFailure(error: unknown): CliError | null {
  const address = error instanceof Error && 'baseUrl' in error ? String(error.baseUrl) : 'the server';
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = 'code' in cause ? String(cause.code) : '';
    const fault = DISTRUSTED.has(code) ? 'is not trusted by this system' : FAULTS[code];
    if (fault !== undefined) return distrusted(`The certificate of ${address} ${fault}.`);
    if (code.startsWith('ERR_SSL_')) return notSpoken(address);
  }
  return null;
}

function distrusted(message: string): CliError {
  return new CliError(message, {
    hint: 'get the right one, or that of its authority, from somebody you trust, and give it: --ca FILE, or VOLARY_CA',
    reason: 'cli.certificate',
    exitCode: EXIT_CODES.noServer,
  });
}

function notSpoken(address: string): CliError {
  return new CliError(`No TLS can be agreed on with what answers at ${address}.`, {
    hint: 'look at the address: http:// is for servers without TLS',
    reason: 'cli.tls',
    exitCode: EXIT_CODES.noServer,
  });
}
