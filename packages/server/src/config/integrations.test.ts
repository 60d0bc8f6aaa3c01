import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { NO_INTEGRATIONS } from './integrations.ts';

const KEY = 'ab'.repeat(32);
const ENV = {
  GITHUB_TOKEN: 'ghp_xxx',
  GITHUB_WEBHOOK_SECRET: 'hush',
  SLACK_BOT_TOKEN: 'xoxb-xxx',
  SLACK_SIGNING_SECRET: 'sign',
  DISCORD_BOT_TOKEN: 'bot.xxx',
  DISCORD_PUBLIC_KEY: KEY,
  DISCORD_APPLICATION_ID: '1234567890123456789',
};
const ALL = {
  github: { token: 'ghp_xxx', webhookSecret: 'hush', apiUrl: 'https://api.github.com' },
  slack: { botToken: 'xoxb-xxx', signingSecret: 'sign', apiUrl: 'https://slack.com/api' },
  discord: {
    ...{ botToken: 'bot.xxx', publicKey: KEY, applicationId: '1234567890123456789' },
    apiUrl: 'https://discord.com/api/v10',
  },
};

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'volary-test-integrations-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

async function withFile(text: string, env: Readonly<Record<string, string>> = {}) {
  const path = join(dir, 'volary.yaml');
  writeFileSync(path, text);
  return (await readConfig(['--config', path], env)).integrations;
}

describe('integrations', () => {
  it('are those of the environment where the gateway is asked for, and somebody else’s where it is not', async () => {
    expect((await readConfig([], { ...ENV, PORT: '8080' })).integrations).toEqual(ALL);
    expect((await readConfig(['--listen', 'aetherium=:8080'], ENV)).integrations).toEqual(ALL);
    expect(await withFile('integrations: { slack: { api_url: "https://slack.example/api/" } }', ENV)).toEqual({
      ...ALL,
      slack: { ...ALL.slack, apiUrl: 'https://slack.example/api' },
    });
    expect((await readConfig([], ENV)).integrations).toEqual(NO_INTEGRATIONS);
  });

  it('are those of the file, as the document has it', async () => {
    const text = `
integrations:
  github:
    token: \${GITHUB_TOKEN}
    webhook_secret: \${GITHUB_WEBHOOK_SECRET}
  slack:
    bot_token: \${SLACK_BOT_TOKEN}
    signing_secret: \${SLACK_SIGNING_SECRET}
  discord:
    bot_token: \${DISCORD_BOT_TOKEN}
    public_key: "${KEY}"
    application_id: "1234567890123456789"
`;
    expect(await withFile(text, ENV)).toEqual(ALL);
    await expect(withFile('integrations: { github: { tokn: x } }')).rejects.toThrow('integrations.github.tokn');
    await expect(withFile('integrations: { gitlab: { token: x } }')).rejects.toThrow('integrations.gitlab.token');
  });

  it('need a secret alone, or a token alone', async () => {
    expect(await withFile('integrations: { github: { webhook_secret: hush } }')).toEqual({
      ...NO_INTEGRATIONS,
      github: { ...ALL.github, token: null },
    });
    expect(await withFile('integrations: { slack: { bot_token: xoxb-xxx } }')).toEqual({
      ...NO_INTEGRATIONS,
      slack: { ...ALL.slack, signingSecret: null },
    });
    expect(await withFile('integrations: { github: { api_url: "http://box" } }')).toEqual(NO_INTEGRATIONS);
    expect(await withFile('integrations: { discord: { application_id: "1234567890123456789" } }')).toEqual(
      NO_INTEGRATIONS,
    );
  });

  it.each([
    ['integrations.github.token', 'GITHUB_TOKEN', 'ghp s3cret'],
    ['integrations.github.webhook_secret', 'GITHUB_WEBHOOK_SECRET', 's3cret\n'],
    ['integrations.slack.bot_token', 'SLACK_BOT_TOKEN', 's3crét'],
    ['integrations.slack.signing_secret', 'SLACK_SIGNING_SECRET', `s3cret${'x'.repeat(1_024)}`],
    ['integrations.discord.bot_token', 'DISCORD_BOT_TOKEN', ' s3cret'],
    ['integrations.discord.public_key', 'DISCORD_PUBLIC_KEY', 's3cret'],
    ['integrations.discord.application_id', 'DISCORD_APPLICATION_ID', 's3cret'],
  ])('stop the start where %s cannot be one, and are not repeated', async (field, variable, value) => {
    const failed = await readConfig([], { PORT: '8080', [variable]: value }).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      reason: 'config.invalid',
      message: expect.stringContaining(`${variable} or ${field} must be `),
      details: { field },
    });
    expect(JSON.stringify(failed) + String(failed)).not.toContain('s3cr');
  });

  it.each([
    ['a line that is none', 'integrations:\n  github: { token: ${GITHUB_TOKEN} }}', 's3cret-token'],
    ['an alias of nothing', 'integrations: { github: { token: ${GITHUB_TOKEN} } }', '*s3cret-token'],
    ['a tag of nothing', 'integrations: { github: { token: ${GITHUB_TOKEN} } }', '"s3cret-token'],
  ])('are not repeated where the file cannot be read, as for %s', async (_what, text, token) => {
    const failed = await withFile(text, { GITHUB_TOKEN: token }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ reason: 'config.invalid', message: expect.stringMatching(/cannot be read/) });
    expect(String(failed)).not.toContain('s3cret');
    expect(inspect(failed)).not.toContain('s3cret');
  });

  it('have addresses that are URLs, and ids that no parser has rounded', async () => {
    for (const url of ['box', 'ftp://box', 'https://u:p@box', 'https://box/?a=b', 'https://box/#a'])
      await expect(withFile(`integrations: { github: { token: x, api_url: "${url}" } }`)).rejects.toThrow(
        'integrations.github.api_url must be a URL',
      );
    await expect(
      withFile('integrations: { discord: { bot_token: x, application_id: 1234567890123456789 } }'),
    ).rejects.toThrow('write it between quotes');
  });
});
