import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'volary-test-gateway-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

async function withFile(text: string, env: Readonly<Record<string, string>> = {}) {
  const path = join(dir, 'volary.yaml');
  writeFileSync(path, text);
  return await readConfig(['--config', path], env);
}

const AT_8080 = [{ dialect: 'aetherium', address: { host: '127.0.0.1', port: 8080 } }];

describe('the settings of the gateway', () => {
  it('open the dialect at the root of the port that PORT or the file says', async () => {
    expect((await readConfig([], { PORT: '8080' })).dialects).toEqual(AT_8080);
    expect(await withFile('gateway:\n  port: 8080\n  log_level: warn\n')).toMatchObject({
      dialects: AT_8080,
      logLevel: 'warn',
      listen: { port: 7070 },
    });
    expect((await withFile('gateway: { port: ${WHERE} }', { WHERE: '8080' })).dialects).toEqual(AT_8080);
    expect((await withFile('gateway: { port: 1 }', { PORT: '8080' })).dialects).toEqual(AT_8080);
  });

  it('come after a listener that was given for the dialect, and the server’s own level', async () => {
    expect((await readConfig(['--listen', 'aetherium=:8080'], { PORT: '1' })).dialects).toEqual(AT_8080);
    expect((await withFile('gateway: { log_level: warn }', { VOLARY_LOG_LEVEL: 'error' })).logLevel).toBe('error');
  });

  it.each([
    ['POSTGRES_HOST', 'data directory'],
    ['POSTGRES_USER', 'data directory'],
    ['POSTGRES_PASSWORD', 'data directory'],
    ['POSTGRES_DB', 'data directory'],
    ['REDIS_ADDR', 'VOLARY_REDIS_URL'],
  ])('stop the start with one sentence where nothing could be done of them: %s', async (name, why) => {
    await expect(readConfig([], { [name]: 'secret' })).rejects.toMatchObject({
      reason: 'config.invalid',
      message: expect.stringMatching(new RegExp(`^${name} is set, and cannot be honoured: [^.]*${why}[^.]*\\.$`)),
    });
  });

  it('of the file are none that is not honoured', async () => {
    await expect(withFile('core_service: { url: "http://localhost:50051" }')).rejects.toThrow('core_service.url');
    await expect(withFile('gateway: { prot: 8080 }')).rejects.toThrow('gateway.prot');
    await expect(withFile('gateway: { port: 80800 }')).rejects.toThrow('gateway.port');
  });
});
