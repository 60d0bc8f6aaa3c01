import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Discord, startDiscord } from '../../../../../../test/vendors/discord.ts';
import { type GitHub, startGitHub } from '../../../../../../test/vendors/github.ts';
import { type Slack, startSlack } from '../../../../../../test/vendors/slack.ts';

/** GitHub, Slack and Discord as they are documented, and what has a server send to them. */
export interface Vendors extends AsyncDisposable {
  readonly github: GitHub;
  readonly slack: Slack;
  readonly discord: Discord;
  /** For the server's command line. */
  readonly flags: readonly string[];
}

export async function startVendors(): Promise<Vendors> {
  const directory = await mkdtemp(join(tmpdir(), 'volary-test-vendors-'));
  const github = await startGitHub({
    tokens: { 'ghp_of-tests': 'write' },
    repositories: { 'acme/web': { branches: ['main', 'feature'], issues: [7] } },
  });
  const slack = await startSlack({
    tokens: { 'xoxb-of-tests': ['chat:write'] },
    channels: [{ id: 'C0123456789', name: 'general' }],
  });
  const discord = await startDiscord({ tokens: ['of.tests'], channels: { '123456789012345678': 'open' } });
  const integrations = {
    github: { token: 'ghp_of-tests', api_url: github.url },
    slack: { bot_token: 'xoxb-of-tests', api_url: slack.apiUrl },
    discord: { bot_token: 'of.tests', api_url: discord.apiUrl },
  };
  const file = join(directory, 'volary.yaml');
  await writeFile(file, stringify({ integrations }));
  return {
    ...{ github, slack, discord, flags: ['--config', file] },
    async [Symbol.asyncDispose]() {
      for (const vendor of [github, slack, discord]) await vendor[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}
