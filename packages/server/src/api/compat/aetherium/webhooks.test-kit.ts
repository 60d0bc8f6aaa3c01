import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { Webhooks } from '@octokit/webhooks';
import type { Aetherium } from './aetherium.test-kit.ts';

const GITHUB_SECRET = 'a secret of the repository';
const SLACK_SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const DISCORD = generateKeyPairSync('ed25519');

/** What a server is told that takes what all three send. */
export const SECRETS = {
  GITHUB_WEBHOOK_SECRET: GITHUB_SECRET,
  SLACK_SIGNING_SECRET: SLACK_SECRET,
  DISCORD_PUBLIC_KEY: DISCORD.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'),
};

export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Sent> {
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

/** As GitHub sends it, signed by GitHub's own library. */
export async function fromGithub(
  { base }: Pick<Aetherium, 'base'>,
  payload: object | string,
  {
    event = 'pull_request',
    id = crypto.randomUUID(),
    secret = GITHUB_SECRET,
  }: { readonly event?: string; readonly id?: string; readonly secret?: string } = {},
): Promise<Sent> {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const signature = await new Webhooks({ secret }).sign(body);
  return await post(`${base}/api/v1/webhooks/github`, body, {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': id,
    'x-hub-signature-256': signature,
  });
}

/** As Slack sends it: commands as forms, events as JSON. */
export async function fromSlack(
  { base }: Pick<Aetherium, 'base'>,
  fields: Readonly<Record<string, unknown>>,
  { form = false, ageSeconds = 0, secret = SLACK_SECRET } = {},
): Promise<Sent> {
  const timestamp = Math.floor(Date.now() / 1_000) - ageSeconds;
  const texts = Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]);
  const body = form ? new URLSearchParams(texts).toString() : JSON.stringify(fields);
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return await post(`${base}/api/v1/webhooks/slack`, body, {
    'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': `v0=${signature}`,
  });
}

/** As Discord sends it. */
export async function fromDiscord({ base }: Pick<Aetherium, 'base'>, payload: object): Promise<Sent> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const body = JSON.stringify(payload);
  const signature = sign(null, Buffer.from(timestamp + body), DISCORD.privateKey).toString('hex');
  return await post(`${base}/api/v1/webhooks/discord`, body, {
    'content-type': 'application/json',
    'x-signature-timestamp': timestamp,
    'x-signature-ed25519': signature,
  });
}

let interactions = 786_008_729_715_212_338n;

/** A command as somebody in a server of Discord sends it. */
export function interaction(name: string, options: readonly object[] = []): object {
  interactions += 1n;
  return {
    ...{ id: String(interactions), application_id: '1', type: 2, token: 'x', version: 1, channel_id: '64' },
    ...{ data: { id: '77', name, type: 1, options }, member: { user: { id: '80351110224678912' } } },
  };
}
