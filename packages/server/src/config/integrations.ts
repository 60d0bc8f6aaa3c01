/**
 * What this server shows itself with at GitHub, Slack and Discord, and by what it knows them. In the environment these have the names that
 * everybody gives them, and may be there for something else: they count where the gateway is asked for.
 */
import { INTEGRATION_SOURCES } from './setting-sources.ts';
import type { Settings } from './settings.ts';
import { invalidSetting } from './values.ts';

type IntegrationSetting = keyof typeof INTEGRATION_SOURCES;

/** Null: this server is not connected with it. */
export interface IntegrationSettings {
  readonly github: {
    /** Null: nothing is sent. */
    readonly token: string | null;
    /** Null: nothing is taken. */
    readonly webhookSecret: string | null;
    /** Without a slash at the end. */
    readonly apiUrl: string;
  } | null;
  readonly slack: {
    readonly botToken: string | null;
    readonly signingSecret: string | null;
    readonly apiUrl: string;
  } | null;
  readonly discord: {
    readonly botToken: string | null;
    /** An Ed25519 key, 64 hexadecimal digits. */
    readonly publicKey: string | null;
    /** Of whom commands are taken; null: of whoever the key is. */
    readonly applicationId: string | null;
    readonly apiUrl: string;
  } | null;
}

export const NO_INTEGRATIONS: IntegrationSettings = { github: null, slack: null, discord: null };

/** A secret alone, or a token alone, is enough. Throws `invalid_argument` config.invalid, and repeats no secret. */
export function readIntegrations(settings: Settings): IntegrationSettings {
  const github = { token: secret(settings, 'githubToken'), webhookSecret: phrase(settings, 'githubWebhookSecret') };
  const slack = { botToken: secret(settings, 'slackBotToken'), signingSecret: secret(settings, 'slackSigningSecret') };
  const discord = {
    botToken: secret(settings, 'discordBotToken'),
    publicKey: matching(settings, 'discordPublicKey', /^[0-9a-f]{64}$/i, 'the 64 hexadecimal digits of an Ed25519 key'),
    applicationId: matching(settings, 'discordApplicationId', /^[0-9]{15,20}$/, 'the digits of an id, between quotes'),
  };
  return {
    github: any(github.token, github.webhookSecret)
      ? { ...github, apiUrl: address(settings, 'githubApiUrl', 'https://api.github.com') }
      : null,
    slack: any(slack.botToken, slack.signingSecret)
      ? { ...slack, apiUrl: address(settings, 'slackApiUrl', 'https://slack.com/api') }
      : null,
    discord: any(discord.botToken, discord.publicKey)
      ? { ...discord, apiUrl: address(settings, 'discordApiUrl', 'https://discord.com/api/v10') }
      : null,
  };
}

function any(...values: readonly (string | null)[]): boolean {
  return values.some((value) => value !== null);
}

/** What goes into headers and signatures: no blanks, which come from a line that was copied with its end. */
function secret(settings: Settings, name: IntegrationSetting): string | null {
  return matching(settings, name, /^[\x21-\x7e]{1,1024}$/, 'printable characters without blanks, at most 1024');
}

/** What people think of themselves may have blanks within. */
function phrase(settings: Settings, name: IntegrationSetting): string | null {
  const what = 'printable characters, at most 1024, and no blank at its ends';
  return matching(settings, name, /^(?! )[\x20-\x7e]{1,1024}(?<! )$/, what);
}

function matching(settings: Settings, name: IntegrationSetting, pattern: RegExp, what: string): string | null {
  const text = settings.text(name);
  if (text === null || pattern.test(text)) return text;
  throw invalidSetting(INTEGRATION_SOURCES[name].file, `${called(name)} must be ${what}.`);
}

function address(settings: Settings, name: IntegrationSetting, otherwise: string): string {
  const text = settings.text(name);
  if (text === null) return otherwise;
  const url = URL.canParse(text) ? new URL(text) : null;
  const isGood =
    url !== null && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (isGood) return text.replace(/\/+$/, '');
  throw invalidSetting(
    INTEGRATION_SOURCES[name].file,
    `${called(name)} must be a URL with neither a password nor anything that begins with ? or #, such as ${otherwise}.`,
  );
}

function called(name: IntegrationSetting): string {
  const { env, file } = INTEGRATION_SOURCES[name];
  return [env, file].filter((each) => each !== null).join(' or ');
}
