/**
 * Slack's Web API, as far as `chat.postMessage` and `auth.test` go, by what Slack's documentation says of it: https://docs.slack.dev/apis/web-api (below: WEB)
 * and https://docs.slack.dev/reference/methods/chat.postMessage (below: METHOD). Quoted is the sentence that a rule comes from.
 */
import {
  readFields,
  startVendorServer,
  type VendorAnswer,
  type VendorRequest,
  type VendorServer,
} from './vendor-server.ts';

export interface SlackOptions {
  /** Tokens that it knows, with their scopes. */
  readonly tokens: Readonly<Record<string, readonly string[]>>;
  readonly channels: readonly Channel[];
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly isMember?: boolean;
  readonly isPrivate?: boolean;
  readonly isArchived?: boolean;
}

export interface SlackMessage {
  readonly channel: string;
  readonly text: string;
  readonly thread: string | null;
  /** What can be clicked in it. */
  readonly links: readonly string[];
}

export interface Slack extends VendorServer {
  /** Below which its methods are. */
  readonly apiUrl: string;
  readonly messages: readonly SlackMessage[];
}

/** METHOD: "Slack will truncate messages containing more than 40,000 characters." */
const MOST_CHARACTERS = 40_000;

export async function startSlack({ tokens, channels }: SlackOptions): Promise<Slack> {
  const messages: SlackMessage[] = [];

  function answer(request: VendorRequest): VendorAnswer {
    const method = /^\/api\/([\w.]+)$/.exec(request.path)?.[1];
    // WEB: "API methods that don't exist": `unknown_method`.
    if (method !== 'chat.postMessage' && method !== 'auth.test') return refused('unknown_method');
    const read = readArguments(request);
    if (typeof read === 'string') return refused(read);
    // WEB, Authentication: "Authorization: Bearer xoxb-…"; "Passing token in JSON attributes is not supported", in form parameters it is.
    const token = /^bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? read.formToken;
    if (token === null) return refused('not_authed');
    const scopes = tokens[token];
    if (scopes === undefined) return refused('invalid_auth');
    const answered =
      method === 'auth.test'
        ? ok({ url: 'https://work.slack.example/', team: 'Work', user: 'volary', bot_id: 'B1' })
        : post(scopes, read.given);
    if (read.warning === null) return answered;
    const metadata = { warning: read.warning, response_metadata: { warnings: [read.warning] } };
    return { ...answered, body: Object.assign({}, answered.body, metadata) };
  }

  function post(scopes: readonly string[], given: Readonly<Record<string, unknown>>): VendorAnswer {
    // METHOD, errors: each is its own word.
    if (!scopes.includes('chat:write'))
      return refused('missing_scope', { needed: 'chat:write', provided: scopes.join() });
    const { channel: asked, text, thread_ts: thread, parse } = given;
    const channel = channels.find(({ id, name }) => asked === id || asked === name || asked === `#${name}`);
    // To whoever is not in it, a private channel is none: "channel_not_found: Value passed for channel was invalid".
    if (channel === undefined || (channel.isPrivate === true && channel.isMember === false))
      return refused('channel_not_found');
    if (channel.isArchived === true) return refused('is_archived');
    if (channel.isMember === false) return refused('not_in_channel');
    if (typeof text !== 'string' || text === '') return refused('no_text');
    if (thread !== undefined && (typeof thread !== 'string' || !/^\d+\.\d{6}$/.test(thread)))
      return refused('invalid_thread_ts');
    // Counted as characters, not as code units.
    const kept = [...text].slice(0, MOST_CHARACTERS).join('');
    messages.push({
      ...{ channel: channel.id, text: kept, links: linksOf(kept, parse) },
      thread: typeof thread === 'string' ? thread : null,
    });
    const ts = `1700000000.${String(messages.length).padStart(6, '0')}`;
    return ok({ channel: channel.id, ts, message: { type: 'message', text: kept, ts } });
  }

  const server = await startVendorServer(answer);
  return Object.assign(server, { messages, apiUrl: `${server.url}/api` });
}

/** METHOD, Formatting: "By default, URLs will be hyperlinked. Set parse to none to remove the hyperlinks." What is within `<` and `>` is a link all the same. */
function linksOf(text: string, parse: unknown): readonly string[] {
  const asLinks = parse === 'none' ? /(?<=<)https?:[^|>\s]+/g : /https?:[^|>\s]+/g;
  return text.match(asLinks) ?? [];
}

/** WEB, Rate limits: "If you exceed… a HTTP 429 Too Many Requests error, and a Retry-After HTTP header containing the number of seconds until you can retry." */
export function slackLimit(retryAfterSeconds: number): VendorAnswer {
  return {
    status: 429,
    headers: { 'retry-after': String(retryAfterSeconds) },
    body: { ok: false, error: 'ratelimited' },
  };
}

interface Arguments {
  readonly given: Readonly<Record<string, unknown>>;
  readonly formToken: string | null;
  readonly warning: string | null;
}

/** The arguments of a call, or the word for why they cannot be read. */
function readArguments({ method, headers, body }: VendorRequest): Arguments | string {
  if (method !== 'POST') return 'invalid_post_type';
  const [type = '', ...parameters] = (headers['content-type'] ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  // METHOD, errors: "included a data payload, but the request did not include a Content-Type header"
  if (type === '') return body === '' ? { given: {}, formToken: null, warning: null } : 'missing_post_type';
  const charset = parameters.find((each) => each.startsWith('charset='))?.slice('charset='.length);
  // "Valid charset names are: utf-8 iso-8859-1."
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'iso-8859-1') return 'invalid_charset';
  if (type === 'application/x-www-form-urlencoded') {
    const given = Object.fromEntries(new URLSearchParams(body));
    // WEB: "superfluous_charset: … a charset was present" where the type has none.
    return { given, formToken: given['token'] ?? null, warning: charset === undefined ? null : 'superfluous_charset' };
  }
  if (type !== 'application/json') return 'invalid_post_type';
  const given = readFields(body);
  if (given === null) return body.trim().startsWith('[') ? 'json_not_object' : 'invalid_json';
  // WEB: "missing_charset: The method was called via a POST request, and recommended practice for the specified Content-Type is to include a charset parameter. However, no charset was present."
  return { given, formToken: null, warning: charset === undefined ? 'missing_charset' : null };
}

/** WEB: "All Web API responses contain a JSON object, which always contains a top-level boolean property ok"; the status is 200 for errors too. */
function refused(error: string, more: Readonly<Record<string, unknown>> = {}): VendorAnswer {
  return { status: 200, body: { ok: false, error, ...more } };
}

function ok(fields: Readonly<Record<string, unknown>>): VendorAnswer {
  return { status: 200, body: { ok: true, ...fields } };
}
