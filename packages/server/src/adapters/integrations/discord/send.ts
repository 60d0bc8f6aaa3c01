import { createHash } from 'node:crypto';
import type { OutgoingMessages } from '../../../ports/integration.ts';
import { type AttemptClock, createAttempts } from '../shared/attempts.ts';
import { fieldsOf } from '../shared/fields-of.ts';
import type { VendorCall } from '../shared/vendor-call.ts';
import { type FailureKind, retryAfterMs, unreadable, VendorFailure } from '../shared/vendor-failure.ts';
import { escapeMarkdown } from './escape-markdown.ts';

export interface DiscordSenderConfig {
  readonly token: string;
  /** With the version, without a slash at the end. */
  readonly apiUrl: string;
  readonly version: string;
  readonly timeoutMs?: number;
}

/** "nonce: … (up to 25 characters)": https://discord.com/developers/docs/resources/message#create-message */
const NONCE_CHARACTERS = 25;
/** SUPPRESS_EMBEDS: links in it are nobody's to fetch. */
const NO_EMBEDS = 4;

/** Messages by Discord's REST API. Nobody is mentioned by any of them. */
export function createDiscordSender(
  { clock }: { readonly clock: AttemptClock },
  config: DiscordSenderConfig,
): OutgoingMessages {
  const { token, apiUrl, version, timeoutMs } = config;
  const limits = timeoutMs === undefined ? {} : { timeoutMs };
  const attempts = createAttempts({ clock }, { name: 'discord', secret: token, ...limits });
  const headers = {
    authorization: `Bot ${token}`,
    'content-type': 'application/json',
    // "DiscordBot ($url, $versionNumber)", and nothing else is let in. The program has no page of its own that it could name.
    'user-agent': `DiscordBot (https://volary.invalid, ${version})`,
  };

  async function request(call: VendorCall, method: 'GET' | 'POST', path: string, body?: Body) {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await call.fetch(`${apiUrl}${path}`, { method, headers, ...sent });
    const fields = readFields(await response.text());
    if (!response.ok) throw failureOf(response, fields);
    return fields;
  }

  async function post(call: VendorCall, channel: string, body: Body) {
    const path = `/channels/${encodeURIComponent(channel)}/messages`;
    const quiet = { allowed_mentions: { parse: [] }, flags: NO_EMBEDS };
    const { id, channel_id } = await request(call, 'POST', path, { ...body, ...quiet });
    if (typeof id !== 'string' || typeof channel_id !== 'string') throw unreadable(200);
    return { id, channel: channel_id };
  }

  return {
    async initialize() {},
    async sendNotification({ id, target, text }, options) {
      if (target.integration !== 'discord') throw new TypeError('a notification for somebody else');
      // Sent again within some minutes, it is the same message.
      const nonce = createHash('sha256').update(id).digest('hex').slice(0, NONCE_CHARACTERS);
      const body = { content: escapeMarkdown(text), nonce, enforce_nonce: true };
      return await attempts.outcome((call) => post(call, target.channel, body), options);
    },
    repositories: null,
    channels: {
      postMessage: ({ channel, text }, options) =>
        attempts.result((call) => post(call, channel, { content: text }), options),
    },
    health: (options) =>
      attempts.health(async (call) => {
        const { username } = await request(call, 'GET', '/users/@me');
        return typeof username === 'string' ? `as ${username}` : null;
      }, options),
  };
}

/** What we say of a message: https://discord.com/developers/docs/resources/message#create-message */
interface Body {
  readonly content: string;
  readonly nonce?: string;
  readonly enforce_nonce?: boolean;
}

/** "retry_after: The number of seconds to wait", with fractions; the header is rounded. */
function failureOf({ status, headers }: Response, fields: Readonly<Record<string, unknown>>): VendorFailure {
  const { message, retry_after: seconds } = fields;
  const isTooMuch = status === 429 && typeof seconds === 'number' && seconds >= 0;
  const asked = isTooMuch ? Math.ceil(seconds * 1000) : retryAfterMs(headers);
  return new VendorFailure(typeof message === 'string' ? `${status}, ${message.replace(/\.$/, '')}` : String(status), {
    ...{ kind: kindOf(status), error: 'status', status, retryAfterMs: asked },
  });
}

function kindOf(status: number): FailureKind {
  if (status >= 500 || status === 429 || status === 408) return 'later';
  return status === 401 || status === 403 ? 'denied' : 'final';
}

function readFields(text: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    // What stands in front of Discord answers in other words: the status tells.
    return {};
  }
}
