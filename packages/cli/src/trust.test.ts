import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CertificateFiles, makeCertificate } from '../../server/src/lib/testing/certificates.ts';
import { trustCertificate } from './trust.ts';

let dir: string;
let own: CertificateFiles;
let other: CertificateFiles;
const servers: Server[] = [];

async function serve({ certPath, keyPath }: CertificateFiles): Promise<string> {
  const tls = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
  const server = createServer(tls, (_, response) => response.setHeader('connection', 'close').end('here'));
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const address = server.address();
  return `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'volary-test-trust-'));
  // Not for the address by which it is called here.
  own = await makeCertificate(dir, 'own', { subjects: 'DNS:box.example.org' });
  other = await makeCertificate(dir, 'other');
});
afterAll(async () => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
  rmSync(dir, { recursive: true });
});

describe('a certificate that is believed', () => {
  it('is so whatever its server is called by, and no other is for that', async () => {
    const [ownUrl, otherUrl] = [await serve(own), await serve(other)];
    await expect(fetch(ownUrl)).rejects.toThrow('fetch failed');

    trustCertificate(readFileSync(own.certPath, 'utf8'));

    expect(await (await fetch(ownUrl)).text()).toBe('here');
    await expect(fetch(otherUrl)).rejects.toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  });

  it('is believed for its own names alone when it is not the first of its file', async () => {
    const url = await serve(own);
    trustCertificate(readFileSync(other.certPath, 'utf8') + readFileSync(own.certPath, 'utf8'));

    await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });
});
