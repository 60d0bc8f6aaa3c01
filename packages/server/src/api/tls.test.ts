import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CertificateFiles, makeCertificate } from '../lib/testing/certificates.ts';
import { ADMIN_KEY, type RunningServer, runServer } from './testing/run-server.ts';

let dir: string;
let first: CertificateFiles;
let second: CertificateFiles;
let used: CertificateFiles;
let server: RunningServer;

/** Puts a certificate where the server looks for it, as a program that renews it does. */
function install({ certPath, keyPath }: CertificateFiles): void {
  for (const [from, to] of [
    [keyPath, used.keyPath],
    [certPath, used.certPath],
  ] as const) {
    copyFileSync(from, `${to}.new`);
    renameSync(`${to}.new`, to);
  }
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'volary-test-tls-'));
  first = await makeCertificate(dir, 'first', { subjects: 'IP:127.0.0.1,DNS:box.example.org' });
  second = await makeCertificate(dir, 'second');
  used = { certPath: join(dir, 'used.pem'), keyPath: join(dir, 'used.key') };
  install(first);
  server = await runServer({ VOLARY_TLS_CERT: used.certPath, VOLARY_TLS_KEY: used.keyPath });
});
beforeEach(() => install(first));
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

async function get(path: string, options: { agent?: Agent; headers?: Record<string, string> } = {}) {
  const ca = [first, second].map(({ certPath }) => readFileSync(certPath));
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, ...options.headers };
  const sent = request(server.url + path, { ca, ...options, headers }).end();
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response), socket: sent.socket };
}

async function handshake(options: { maxVersion?: 'TLSv1.1' | 'TLSv1.2' } = {}): Promise<TLSSocket> {
  const port = Number(new URL(server.url).port);
  // What is looked at is which certificate it has, so that it need not be trusted.
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1', ...options });
  await once(socket, 'secureConnect');
  return socket;
}

async function nameOfCertificate(): Promise<string> {
  const socket = await handshake();
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

/** Tells the server that the files are new, and waits until it has looked. */
async function hangUp(words: RegExp): Promise<void> {
  const before = server.log().length;
  const { pid }: { pid: number } = JSON.parse(readFileSync(join(server.dataDir, 'server.json'), 'utf8'));
  process.kill(pid, 'SIGHUP');
  await expect.poll(() => server.log().slice(before), { timeout: 10_000 }).toMatch(words);
}

describe('a server with a certificate', () => {
  it('says where it is and by what it is known, and answers there', async () => {
    const told = JSON.parse(readFileSync(join(server.dataDir, 'server.json'), 'utf8'));

    expect(told).toMatchObject({
      url: expect.stringMatching(/^https:\/\/127/),
      certificate: readFileSync(first.certPath, 'utf8'),
    });
    expect((await get('/v1/vms')).status).toBe(200);
  });

  it('is known to the command line of its machine, also by a name that is not in the certificate', async () => {
    const { port } = new URL(server.url);
    const cli = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url));
    const run = (...more: readonly string[]) =>
      promisify(execFile)(process.execPath, [cli, '--data-dir', server.dataDir, '--json', ...more, 'status'], {
        env: { ...process.env, VOLARY_ADMIN_KEY: ADMIN_KEY },
      });

    expect(JSON.parse((await run()).stdout)).toMatchObject({ url: server.url });
    const other = `https://localhost:${port}`;
    await expect(run('--url', other)).rejects.toThrow(/cli.no_server|connection|certificate/i);
    expect(JSON.parse((await run('--url', other, '--ca', used.certPath)).stdout)).toMatchObject({ url: other });
  });

  it('speaks TLS 1.2, and nothing older', async () => {
    (await handshake({ maxVersion: 'TLSv1.2' })).destroy();
    await expect(handshake({ maxVersion: 'TLSv1.1' })).rejects.toThrow(/version|protocol/i);
  });

  it('tells browsers to come by TLS alone, unless they ask for localhost', async () => {
    const named = await get('/readyz', { headers: { host: 'box.example.org' } });
    const local = await get('/readyz');

    expect(named.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(local.headers['strict-transport-security']).toBeUndefined();
  });

  it('takes a new certificate without closing what is open', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await get('/readyz', { agent });
    install(second);
    await hangUp(/the certificate was renewed/);

    const after = await get('/readyz', { agent });

    expect(after.socket).toBe(before.socket);
    expect(await nameOfCertificate()).toBe('second');
    agent.destroy();
    install(first);
    await hangUp(/the certificate was renewed/);
  });

  it('sees by itself that the files have changed', async () => {
    const before = server.log().length;
    install(second);

    await expect.poll(() => server.log().slice(before), { timeout: 20_000 }).toContain('the certificate was renewed');
    expect(await nameOfCertificate()).toBe('second');
    install(first);
    await hangUp(/the certificate was renewed/);
  });

  it.each([
    ['another key', () => copyFileSync(second.keyPath, used.keyPath), /is not that of the certificate/],
    ['rubbish', () => writeFileSync(used.certPath, 'rubbish'), /holds no certificate/],
    ['nothing', () => rmSync(used.certPath), /it is not there/],
  ])('keeps the one it has when there is %s', async (_what, spoil, words) => {
    spoil();
    await hangUp(words);

    expect(await nameOfCertificate()).toBe('first');
  });
});

describe('a server whose certificate cannot be used', () => {
  it('says so and does not start', async () => {
    const settings = { VOLARY_TLS_CERT: first.certPath, VOLARY_TLS_KEY: second.keyPath };

    await expect(runServer(settings)).rejects.toThrow(/volary: The key in .* is not that of the certificate in/);
  });
});

describe('a server that is to speak TLS 1.3', () => {
  it('speaks nothing older', async () => {
    const settings = { VOLARY_TLS_CERT: first.certPath, VOLARY_TLS_KEY: first.keyPath, VOLARY_TLS_MIN_VERSION: '1.3' };
    await using strict = await runServer(settings);
    const port = Number(new URL(strict.url).port);
    const options = { port, host: '127.0.0.1', ca: readFileSync(first.certPath) };
    const socket = connect({ ...options, maxVersion: 'TLSv1.2' });

    await expect(once(socket, 'secureConnect')).rejects.toThrow(/version|protocol/i);
    const newer = connect(options);
    await once(newer, 'secureConnect');
    expect(newer.getProtocol()).toBe('TLSv1.3');
    newer.destroy();
  });
});
