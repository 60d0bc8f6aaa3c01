import type { Clock } from '../../ports/clock.ts';
import type { Integration } from '../../ports/integration.ts';
import { createDiscordIntegration, type DiscordConfig } from './discord/discord-integration.ts';
import { createGithubIntegration, type GithubConfig } from './github/github-integration.ts';
import { createSlackIntegration, type SlackConfig } from './slack/slack-integration.ts';

/** What is known of each; null: this server is not connected with it. */
export interface IntegrationConfigs {
  readonly github: GithubConfig | null;
  readonly slack: SlackConfig | null;
  readonly discord: DiscordConfig | null;
}

/** Those that there is something known of. Nothing is sent. */
export function createIntegrations(
  deps: { readonly clock: Pick<Clock, 'now'> },
  { github, slack, discord }: IntegrationConfigs,
): readonly Integration[] {
  return [
    ...(github === null ? [] : [createGithubIntegration(github)]),
    ...(slack === null ? [] : [createSlackIntegration(deps, slack)]),
    ...(discord === null ? [] : [createDiscordIntegration(deps, discord)]),
  ];
}
