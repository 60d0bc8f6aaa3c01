import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { TRANSPORT_SOURCES } from './setting-sources.ts';
import { FACE_NAMES } from './transport.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'volary-test-transport-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

async function withFile(text: string, env: Readonly<Record<string, string>> = {}) {
  const path = join(dir, 'volary.yaml');
  writeFileSync(path, text);
  return await readConfig(['--config', path], env);
}

describe('rate limits', () => {
  it.each([
    ['100/min;burst=20', { perMinute: 100, burst: 20 }],
    [' 100 / min ; burst = 20 ', { perMinute: 100, burst: 20 }],
    ['1/min', { perMinute: 1, burst: 0 }],
    ['100/min;second=20', { perMinute: 100, burst: 0, perSecond: 20 }],
    ['off', null],
  ])('%j is %j for every face', async (text, limit) => {
    const { rateLimits } = await readConfig([], { VOLARY_RATE_LIMIT: text });

    expect(rateLimits).toEqual(Object.fromEntries(FACE_NAMES.map((face) => [face, limit])));
  });

  it('may be set for each face in the file', async () => {
    expect((await withFile('rate_limits:\n  v1: 5/min;burst=6\n')).rateLimits).toEqual({
      v1: { perMinute: 5, burst: 6 },
      aetherium: { perMinute: 100, burst: 20 },
      novacron: { perMinute: 100, burst: 0, perSecond: 20 },
      volant: null,
      'vm-api': null,
    });
    expect((await withFile('rate_limits: { v1: off, vm-api: 9/min }\n')).rateLimits).toEqual({
      v1: null,
      aetherium: { perMinute: 100, burst: 20 },
      novacron: { perMinute: 100, burst: 0, perSecond: 20 },
      volant: null,
      'vm-api': { perMinute: 9, burst: 0 },
    });
    expect((await withFile('rate_limits: { v1: off }\n', { VOLARY_RATE_LIMIT: '7/min' })).rateLimits).toMatchObject({
      v1: { perMinute: 7, burst: 0 },
    });
  });

  it.each(['100', '0/min', '100/s', '100/min;burst', '100/min;burst=-1', '1e3/min', 'on'])(
    'are not %j',
    async (text) => {
      await expect(readConfig([], { VOLARY_RATE_LIMIT: text })).rejects.toThrow('100/min;second=20, or off');
    },
  );

  it('are refused for faces that do not exist', async () => {
    await expect(withFile('rate_limits: { v2: off }')).rejects.toThrow('v1');
  });
});

describe('an address that others reach', () => {
  it.each(['0.0.0.0:1', '[::]:1', '192.0.2.1:1', 'box.local:1', '[::ffff:192.0.2.1]:1'])(
    '%s is not listened on without TLS',
    async (listen) => {
      const refused = { code: 'failed_precondition', reason: 'config.insecure_listen' };
      await expect(readConfig(['--listen', listen], {})).rejects.toMatchObject(refused);
    },
  );

  it('is listened on when told to, or with TLS', async () => {
    const argv = ['--listen', '0.0.0.0:1'];

    expect(await readConfig([...argv, '--insecure-listen'], {})).toMatchObject({ listen: { host: '0.0.0.0' } });
    expect(await readConfig(argv, { VOLARY_INSECURE_LISTEN: 'on' })).toMatchObject({ tls: null });
    expect((await readConfig([...argv, '--tls-cert', '/c', '--tls-key', '/k'], {})).tls).toEqual({
      ...{ certPath: '/c', keyPath: '/k', minVersion: 'TLSv1.2' },
    });
    expect(await withFile('listen: 0.0.0.0:1\ninsecure_listen: true')).toMatchObject({ listen: { host: '0.0.0.0' } });
    await expect(readConfig(argv, { VOLARY_INSECURE_LISTEN: 'off' })).rejects.toThrow('--insecure-listen');
  });

  it.each(['127.0.0.1:1', '127.9.9.9:1', ':1', '[::1]:1', 'localhost:1', '[::ffff:127.0.0.1]:1'])(
    'is not %s',
    async (listen) => {
      await expect(readConfig(['--listen', listen], {})).resolves.toMatchObject({ tls: null });
    },
  );
});

describe('the settings of the transport', () => {
  it('are lists in the file, and texts elsewhere', async () => {
    const expected = [
      { version: 4, bits: 0x0a00_0000n, prefixLength: 8 },
      { version: 6, bits: 1n, prefixLength: 128 },
    ];

    expect((await withFile('trusted_proxies: [10.0.0.0/8, "::1"]')).trustedProxies).toEqual(expected);
    expect((await readConfig([], { VOLARY_TRUSTED_PROXIES: '10.0.0.0/8 ::1' })).trustedProxies).toEqual(expected);
    expect((await withFile('allowed_origins: [https://a.org, https://b.org]')).allowedOrigins).toHaveLength(2);
  });

  it('have names of their own for each limit', async () => {
    const { limits } = await withFile(
      'max_connections: 1\nmax_address_connections: 2\nmax_streams: 3\nmax_caller_streams: 4\nmax_body_kib: 5\nmax_header_kib: 6\nmax_upload_mib: 7\nmax_message_kib: 8\nheader_timeout_seconds: 9\nbody_timeout_seconds: 10\nkeep_alive_seconds: 11\n',
    );

    expect(limits).toEqual({
      ...{ connections: 1, addressConnections: 2, streams: 3, callerStreams: 4 },
      ...{ jsonBytes: 5 * 1024, headerBytes: 6 * 1024, uploadBytes: 7 * 1024 ** 2, messageBytes: 8 * 1024 },
      ...{ headerMs: 9_000, bodyMs: 10_000, keepAliveMs: 11_000 },
    });
  });

  it.each([
    [{ VOLARY_TLS_CERT: '/c' }, 'tls_cert is given without tls_key'],
    [{ VOLARY_TLS_KEY: '/k' }, 'tls_key is given without tls_cert'],
    [{ VOLARY_TLS_MIN_VERSION: '1.1' }, '1.2, 1.3'],
    [{ VOLARY_TRUSTED_PROXIES: 'lan' }, '"lan"'],
    [{ VOLARY_PROXY_HEADER: 'x-real-ip' }, 'x-forwarded-for, forwarded'],
    [{ VOLARY_REDIS_URL: 'http://:secret@box' }, 'redis://localhost:6379'],
    [{ VOLARY_INSECURE_LISTEN: 'yes' }, 'on, off'],
    [{ VOLARY_MAX_STREAMS: '0' }, 'max_streams'],
  ])('%j is refused in a sentence', async (env, words) => {
    const error = await readConfig([], env).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ reason: 'config.invalid', message: expect.stringContaining(words) });
    expect(String(error)).not.toContain('secret');
  });

  it('are explained, each with its variable', () => {
    const guide = readFileSync(new URL('../../../../docs/guide/serving.md', import.meta.url), 'utf8');
    const unexplained = Object.values(TRANSPORT_SOURCES).filter(
      ({ file, env }) => !guide.includes(`\`${file}\``) || !guide.includes(`\`${env}\``),
    );

    expect(unexplained).toEqual([]);
  });
});
