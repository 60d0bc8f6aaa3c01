import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CertificateFiles, makeCertificate } from '../lib/testing/certificates.ts';
import { readTlsFiles } from './tls-files.ts';

const DAY_MS = 24 * 3_600_000;

let dir: string;
let one: CertificateFiles;
let other: CertificateFiles;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'volary-test-tls-'));
  one = await makeCertificate(dir, 'one');
  other = await makeCertificate(dir, 'other');
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(text: string): string {
  const path = join(dir, 'file');
  writeFileSync(path, text);
  return path;
}

describe('the files of TLS', () => {
  it('are a certificate with its key, also with others that vouch for it', async () => {
    const chain = file((await readFile(one.certPath, 'utf8')) + (await readFile(other.certPath, 'utf8')));

    expect(readTlsFiles(one, Date.now()).leaf.subject).toBe('CN=one');
    expect(readTlsFiles({ ...one, certPath: chain }, Date.now()).leaf.subject).toBe('CN=one');
  });

  it('are refused when they are not made for each other', () => {
    expect(() => readTlsFiles({ ...one, keyPath: other.keyPath }, Date.now())).toThrow(
      /is not that of the certificate/,
    );
  });

  it('are refused outside of the time that they are for', () => {
    expect(() => readTlsFiles(one, Date.now() + 3 * DAY_MS)).toThrow(/has expired on \d{4}-/);
    expect(() => readTlsFiles(one, Date.now() - DAY_MS)).toThrow(/is not valid before \d{4}-/);
  });

  it('are refused when they are something else', () => {
    expect(() => readTlsFiles({ ...one, certPath: one.keyPath }, Date.now())).toThrow('holds no certificate');
    expect(() => readTlsFiles({ ...one, keyPath: one.certPath }, Date.now())).toThrow('holds no private key');
    expect(() => readTlsFiles({ ...one, keyPath: file('-----BEGIN ENCRYPTED PRIVATE KEY-----') }, Date.now())).toThrow(
      'is encrypted',
    );
  });

  it('are refused when they cannot be read', () => {
    expect(() => readTlsFiles({ ...one, certPath: join(dir, 'none') }, Date.now())).toThrow('it is not there');
    expect(() => readTlsFiles({ ...one, keyPath: dir }, Date.now())).toThrow('it cannot be read');
  });

  it('may not be read by everybody', (context) => {
    if (process.getuid?.() === 0) context.skip('root may read everything');
    const path = file('x');
    chmodSync(path, 0o000);

    expect(() => readTlsFiles({ ...one, keyPath: path }, Date.now())).toThrow('it may not be read');
  });
});
