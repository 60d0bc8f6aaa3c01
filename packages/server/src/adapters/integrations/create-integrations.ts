import type { Integration } from '../../ports/integration.ts';
import { createDiscordIntegration, type DiscordConfig } from './discord/discord-integration.ts';
import { createGithubIntegration, type GithubConfig } from './github/github-integration.ts';
import type { AttemptClock } from './shared/attempts.ts';
import { createSlackIntegration, type SlackConfig } from './slack/slack-integration.ts';

/** What is known of each; null: this server is not connected with it. */
export interface IntegrationConfigs {
  readonly github: Omit<GithubConfig, 'version'> | null;
  readonly slack: SlackConfig | null;
  readonly discord: Omit<DiscordConfig, 'version'> | null;
}

/** Those that there is something known of. Nothing is sent. */
export function createIntegrations(
  deps: { readonly clock: AttemptClock },
  { github, slack, discord, version }: IntegrationConfigs & { readonly version: string },
): readonly Integration[] {
  return [
    ...(github === null ? [] : [createGithubIntegration(deps, { ...github, version })]),
    ...(slack === null ? [] : [createSlackIntegration(deps, slack)]),
    ...(discord === null ? [] : [createDiscordIntegration(deps, { ...discord, version })]),
  ];
}
