/** Each vendor as the tests have it: a strict server, and what sends to it. */
import { startDiscord } from '../../../../../../test/vendors/discord.ts';
import { startGitHub } from '../../../../../../test/vendors/github.ts';
import { startSlack } from '../../../../../../test/vendors/slack.ts';
import type { VendorServer } from '../../../../../../test/vendors/vendor-server.ts';
import type { IntegrationName, Notification, NotificationTarget } from '../../../domain/integrations.ts';
import type { OutgoingMessages } from '../../../ports/integration.ts';
import { createSystemClock } from '../../system/system-clock.ts';
import { createDiscordSender } from '../discord/send.ts';
import { createGithubSender } from '../github/send.ts';
import { createSlackSender } from '../slack/send.ts';

export const TOKENS = {
  github: 'ghp_token-of-tests',
  slack: 'xoxb-token-of-tests',
  discord: 'token.of.tests',
} as const;
const version = '1.2.3';

/** What a test sets of a sender. */
export interface SenderOptions {
  readonly token?: string;
  readonly timeoutMs?: number;
}

export const startStrictGitHub = ({ hasRateLimits = true }: { readonly hasRateLimits?: boolean } = {}) =>
  startGitHub({
    hasRateLimits,
    tokens: { [TOKENS.github]: 'write', ghp_reads: 'read' },
    repositories: {
      'acme/web': { branches: ['main', 'feature', 'other'], issues: [7] },
      'acme/closed': { branches: ['main'], issues: [7], hasIssues: false },
    },
  });

export const startStrictSlack = () =>
  startSlack({
    tokens: { [TOKENS.slack]: ['chat:write'], 'xoxb-reads': ['channels:read'] },
    channels: [
      { id: 'C1', name: 'general' },
      { id: 'C2', name: 'others', isMember: false },
      { id: 'C3', name: 'old', isArchived: true },
      { id: 'C4', name: 'board', isMember: false, isPrivate: true },
    ],
  });

export const startStrictDiscord = () =>
  startDiscord({ tokens: [TOKENS.discord], channels: { '10': 'open', '12': 'read_only' } });

export const githubSender = ({ url }: VendorServer, { token = TOKENS.github, ...more }: SenderOptions = {}) =>
  createGithubSender({ clock: createSystemClock() }, { token, apiUrl: url, version, ...more });

export const slackSender = ({ url }: VendorServer, { token = TOKENS.slack, ...more }: SenderOptions = {}) =>
  createSlackSender({ clock: createSystemClock() }, { token, apiUrl: `${url}/api`, ...more });

export const discordSender = ({ url }: VendorServer, { token = TOKENS.discord, ...more }: SenderOptions = {}) =>
  createDiscordSender({ clock: createSystemClock() }, { token, apiUrl: `${url}/api/v10`, version, ...more });

export const TARGETS = {
  github: { integration: 'github', repository: 'acme/web', issue: 7 },
  slack: { integration: 'slack', channel: 'C1' },
  discord: { integration: 'discord', channel: '10' },
} as const satisfies Record<IntegrationName, NotificationTarget>;

export function notificationOf(target: NotificationTarget, text = 'VM web has started.', id = 'dlv_1'): Notification {
  const event = {
    ...{ sequence: 12, type: 'vm.started' as const, at: 1_700_000_000_000, subject: 'vm_1', vmId: 'vm_1' },
    ...{ owner: null, operationId: null, data: { name: 'web' } },
  };
  return { id, event, text, target };
}

/** A vendor whose server and sender are all that a test looks at. */
export interface AnyVendor {
  readonly name: IntegrationName;
  start(): Promise<VendorServer>;
  sender(server: VendorServer, options?: SenderOptions): OutgoingMessages;
  /** Has it send what somebody asks for. */
  ask(sender: OutgoingMessages, signal: AbortSignal): Promise<unknown>;
}

export const VENDORS: readonly AnyVendor[] = [
  {
    ...{ name: 'github', start: () => startStrictGitHub(), sender: githubSender },
    ask: async (sender, signal) =>
      await sender.repositories?.comment({ repository: 'acme/web', issue: 7, body: 'Hello' }, { signal }),
  },
  {
    ...{ name: 'slack', start: startStrictSlack, sender: slackSender },
    ask: async (sender, signal) => await sender.channels?.postMessage({ channel: 'C1', text: 'Hello' }, { signal }),
  },
  {
    ...{ name: 'discord', start: startStrictDiscord, sender: discordSender },
    ask: async (sender, signal) => await sender.channels?.postMessage({ channel: '10', text: 'Hello' }, { signal }),
  },
];
