import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findEndpoint } from './endpoint.ts';

describe('which server, and with which key', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'volary-test-endpoint-'));
    await writeFile(
      join(dataDir, 'server.json'),
      JSON.stringify({ url: 'http://127.0.0.1:4711/', pid: 1, started_at: '' }),
    );
    await writeFile(join(dataDir, 'admin.key'), 'local-key\n');
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('is the one that uses the data directory, with its key', async () => {
    expect(await findEndpoint({ dataDir }, {})).toEqual({ url: 'http://127.0.0.1:4711', key: 'local-key' });
    expect(await findEndpoint({}, { VOLARY_DATA_DIR: dataDir })).toEqual({
      url: 'http://127.0.0.1:4711',
      key: 'local-key',
    });
  });

  it('is the default address where none was ever used', async () => {
    expect(await findEndpoint({ dataDir: join(dataDir, 'none') }, {})).toEqual({
      url: 'http://127.0.0.1:7070',
      key: null,
    });
  });

  it('goes by the option, then the environment', async () => {
    const env = { VOLARY_URL: 'localhost:1', VOLARY_ADMIN_KEY: 'from-env' };

    expect(await findEndpoint({ dataDir }, env)).toEqual({ url: 'http://localhost:1', key: 'from-env' });
    expect(await findEndpoint({ dataDir, url: 'https://box:2/', key: 'given' }, env)).toEqual({
      url: 'https://box:2',
      key: 'given',
    });
    expect(await findEndpoint({ dataDir, keyFile: join(dataDir, 'admin.key') }, env)).toMatchObject({
      key: 'local-key',
    });
  });

  it.each(['http://box:7070', 'http://127.0.0.1.evil.example', 'http://10.0.0.1:7070'])(
    'keeps the local key from %s',
    async (url) => {
      expect(await findEndpoint({ dataDir, url }, {})).toMatchObject({ key: null });
    },
  );

  it.each(['ftp://box', 'http://', ''.padEnd(3)])('refuses %j as an address', async (url) => {
    await expect(findEndpoint({ dataDir, url }, {})).rejects.toMatchObject({ exitCode: 2 });
  });

  it('says which key file cannot be read', async () => {
    await expect(findEndpoint({ dataDir, keyFile: '/nowhere/key' }, {})).rejects.toThrow('/nowhere/key');
  });

  describe('which certificate', () => {
    const certificate = '-----BEGIN CERTIFICATE-----';
    const url = 'https://127.0.0.1:4711';
    beforeEach(() => writeFile(join(dataDir, 'server.json'), JSON.stringify({ url, pid: 1, certificate })));

    it('is that of the server of the data directory, for that server alone', async () => {
      expect(await findEndpoint({ dataDir }, {})).toMatchObject({ url, certificate });
      expect(await findEndpoint({ dataDir, url }, {})).toMatchObject({ certificate });
      expect(await findEndpoint({ dataDir, url: 'https://box:4711' }, {})).not.toHaveProperty('certificate');
    });

    it('is the one that was given', async () => {
      const path = join(dataDir, 'ca.pem');
      await writeFile(path, `${certificate} another`);

      const given = { url: 'https://box:1', certificate: `${certificate} another` };
      expect(await findEndpoint({ dataDir, url: given.url, ca: path }, {})).toMatchObject(given);
      expect(await findEndpoint({ dataDir, url: given.url }, { VOLARY_CA: path })).toMatchObject(given);
      await expect(findEndpoint({ dataDir, ca: join(dataDir, 'none') }, {})).rejects.toMatchObject({ exitCode: 2 });
      await expect(findEndpoint({ dataDir, ca: join(dataDir, 'admin.key') }, {})).rejects.toThrow('no certificate');
    });
  });

  it('bears a half-written server.json', async () => {
    await writeFile(join(dataDir, 'server.json'), '{"url": "htt');

    expect(await findEndpoint({ dataDir }, {})).toMatchObject({ url: 'http://127.0.0.1:7070' });
  });
});
