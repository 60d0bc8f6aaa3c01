import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const read = async (text: string) => (await readConfig([], { VOLARY_NOVACRON: text })).novacron;

describe('the settings of NovaCron', () => {
  it('have defaults', async () => {
    expect((await readConfig([], {})).novacron).toEqual({ supportUrl: '/docs/errors#internal', region: 'local' });
  });

  it('say where help is, and what the region is called', async () => {
    expect(await read('support_url: https://help.example.org:8443/a, region: eu-west-1')).toEqual({
      supportUrl: 'https://help.example.org:8443/a',
      region: 'eu-west-1',
    });
  });

  it.each(['support_url: help', 'support_url: javascript:alert(1)', 'region: Two Words', 'other: 1'])(
    'are not %j',
    async (text) => {
      await expect(read(text)).rejects.toMatchObject({ code: 'invalid_argument', reason: 'config.invalid' });
    },
  );
});
