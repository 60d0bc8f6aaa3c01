import type { Logger, LogLevel } from '@slack/web-api';
import type { OutgoingMessages } from '../../../ports/integration.ts';
import { type AttemptClock, createAttempts } from '../shared/attempts.ts';
import { fieldsOf } from '../shared/fields-of.ts';
import type { VendorCall } from '../shared/vendor-call.ts';
import { type FailureKind, retryAfterMs, unreadable, VendorFailure } from '../shared/vendor-failure.ts';
import { escapeSlack } from './escape.ts';

export interface SlackSenderConfig {
  readonly token: string;
  /** Without a slash at the end. */
  readonly apiUrl: string;
  readonly timeoutMs?: number;
}

/** Messages by Slack's Web API, with Slack's own client: without its repetitions, its waiting and its log. */
export function createSlackSender(
  { clock }: { readonly clock: AttemptClock },
  config: SlackSenderConfig,
): OutgoingMessages {
  const { token, apiUrl, timeoutMs } = config;
  const limits = timeoutMs === undefined ? {} : { timeoutMs };
  const attempts = createAttempts({ clock }, { name: 'slack', secret: token, ...limits });
  let loaded: Promise<typeof import('@slack/web-api')> | null = null;
  const load = (): Promise<typeof import('@slack/web-api')> => {
    loaded ??= import('@slack/web-api');
    return loaded;
  };

  async function request(call: VendorCall, method: string, given: Record<string, unknown>) {
    const { WebClient, LogLevel } = await load();
    // One for each request: it knows of no signal but by its `fetch`.
    const client = new WebClient(token, {
      ...{
        slackApiUrl: `${apiUrl}/`,
        allowAbsoluteUrls: false,
        fetch: call.fetch,
        logger: createSilence(LogLevel.ERROR),
      },
      ...{ retryConfig: { retries: 0 }, rejectRateLimitedCalls: true },
    });
    try {
      return fieldsOf(await client.apiCall(method, given));
    } catch (error) {
      const head = call.head();
      if (head === null) throw error;
      throw failureOf(head.status, wordOf(error), retryAfterMs(head.headers));
    }
  }

  async function post(call: VendorCall, given: Record<string, unknown>) {
    // Links in it are nobody's to fetch.
    const shown = { unfurl_links: false, unfurl_media: false };
    const { ts, channel } = await request(call, 'chat.postMessage', { ...given, ...shown });
    if (typeof ts !== 'string' || typeof channel !== 'string') throw unreadable(200);
    return { id: ts, channel };
  }

  return {
    async initialize() {
      await load();
    },
    async sendNotification({ target, text }, options) {
      if (target.integration !== 'slack') throw new TypeError('a notification for somebody else');
      // "Set parse to none to remove the hyperlinks": else what looks like an address could be clicked.
      const given = { channel: target.channel, text: escapeSlack(text), mrkdwn: false, parse: 'none' };
      return await attempts.outcome((call) => post(call, given), options);
    },
    repositories: null,
    channels: {
      postMessage: ({ channel, text }, options) => attempts.result((call) => post(call, { channel, text }), options),
    },
    health: (options) =>
      attempts.health(async (call) => {
        const { team } = await request(call, 'auth.test', {});
        return typeof team === 'string' ? `in ${team}` : null;
      }, options),
  };
}

/** Slack's trouble, not ours: https://docs.slack.dev/reference/methods/chat.postMessage#errors */
const LATER: ReadonlySet<string> = new Set([
  ...['fatal_error', 'internal_error', 'service_unavailable', 'request_timeout', 'ratelimited', 'rate_limited'],
  ...['team_added_to_org', 'org_login_required'],
]);
/** What nobody can mend but whoever has asked. `channel_not_found` is not of these: so it calls a private channel that the bot is not in yet. */
const FINAL: ReadonlySet<string> = new Set([
  ...['is_archived', 'msg_too_long', 'no_text', 'invalid_arguments', 'invalid_thread_ts'],
  ...['restricted_action_read_only_channel', 'restricted_action_thread_only_channel', 'too_many_attachments'],
]);

function failureOf(status: number, word: string | null, retryMs: number | null): VendorFailure {
  if (status !== 200 || word === null) {
    const kind: FailureKind = status === 200 || status >= 500 || status === 429 || status === 408 ? 'later' : 'denied';
    const error = status === 200 ? 'invalid_response' : 'status';
    return new VendorFailure(`it answered with status ${status}`, { kind, error, status, retryAfterMs: retryMs });
  }
  const kind: FailureKind = LATER.has(word) ? 'later' : FINAL.has(word) ? 'final' : 'denied';
  return new VendorFailure(word, { kind, error: 'refused', status, retryAfterMs: retryMs });
}

/** What Slack calls the error; null where it gave no such word: its client gives the whole of an answer that it cannot read. */
function wordOf(error: unknown): string | null {
  const { error: word } = fieldsOf(fieldsOf(error)['data']);
  return typeof word === 'string' && /^[a-z][a-z0-9_]{1,63}$/.test(word) ? word : null;
}

/** All that it would have said is in what it throws. */
function createSilence(level: LogLevel): Logger {
  const nothing = (): void => {};
  return {
    ...{ debug: nothing, info: nothing, warn: nothing, error: nothing, setLevel: nothing, setName: nothing },
    getLevel: () => level,
  };
}
