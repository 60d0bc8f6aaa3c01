import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface CertificateFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

/** Makes a certificate that vouches for itself, of two days, as `NAME.pem` and `NAME.key` in a directory. */
export async function makeCertificate(
  directory: string,
  name: string,
  { subjects = 'IP:127.0.0.1,DNS:localhost' }: { readonly subjects?: string } = {},
): Promise<CertificateFiles> {
  const files = { certPath: join(directory, `${name}.pem`), keyPath: join(directory, `${name}.key`) };
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const parts = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${subjects}`];
  await promisify(execFile)('openssl', [...request, ...parts, '-keyout', files.keyPath, '-out', files.certPath]);
  return files;
}
