import { expect, it } from 'vitest';
import { readConfig } from './config.ts';

const read = async (env: Readonly<Record<string, string>>) =>
  (await readConfig([], { HOME: '/home/ann', ...env })).loki;

it('is none where nothing is said', async () => {
  expect(await read({})).toBeNull();
});

it('is where LOKI_URL says', async () => {
  const lookbackMs = 30 * 24 * 3_600_000;
  expect(await read({ LOKI_URL: 'http://box:3100' })).toEqual({ url: 'http://box:3100', tenant: null, lookbackMs });
  expect(await read({ LOKI_URL: 'https://u:p@box/logs', LOKI_TENANT: 'team-a', LOKI_LOOKBACK_DAYS: '1' })).toEqual({
    ...{ url: 'https://u:p@box/logs', tenant: 'team-a', lookbackMs: 24 * 3_600_000 },
  });
});

it.each([
  'box:3100',
  'loki',
  'ftp://secret@box',
  'http://secret@box/?x=1',
  'http://secret@box/#x',
  'http://:secret%@box',
])('says in one sentence that %j is no Loki, and not what it was', async (url) => {
  const failing = read({ LOKI_URL: url });
  await expect(failing).rejects.toMatchObject({ reason: 'config.invalid', details: { field: 'loki_url' } });
  await expect(failing).rejects.not.toThrow(/secret/);
});

it.each(['a|b', 'a b', '..', 'x'.repeat(151)])('%j is no tenant', async (tenant) => {
  await expect(read({ LOKI_URL: 'http://box', LOKI_TENANT: tenant })).rejects.toMatchObject({
    details: { field: 'loki_tenant' },
  });
});
