/**
 * Discord's REST API, as far as messages go, by what Discord's documentation says of it: https://discord.com/developers/docs (below: DOCS), pages reference,
 * topics/rate-limits, topics/opcodes-and-status-codes, resources/message. Quoted is the sentence that a rule comes from.
 */
import {
  readFields,
  startVendorServer,
  type VendorAnswer,
  type VendorRequest,
  type VendorServer,
} from './vendor-server.ts';

export interface DiscordOptions {
  /** Of bots that it knows. */
  readonly tokens: readonly string[];
  readonly channels: Readonly<Record<string, 'open' | 'no_access' | 'read_only'>>;
}

export interface DiscordMessage {
  readonly id: string;
  readonly channel: string;
  readonly content: string;
  readonly nonce: string | null;
  /** Whether everybody was told of it. */
  readonly mentionsEveryone: boolean;
  /** Of users and roles that were told of it. */
  readonly mentions: readonly string[];
}

export interface Discord extends VendorServer {
  /** With the version. */
  readonly apiUrl: string;
  readonly messages: readonly DiscordMessage[];
}

/** resources/message: "content: Message contents (up to 2000 characters)" */
const MOST_CHARACTERS = 2_000;

export async function startDiscord({ tokens, channels }: DiscordOptions): Promise<Discord> {
  const messages: DiscordMessage[] = [];

  function answer(request: VendorRequest): VendorAnswer {
    const { headers, method } = request;
    // reference, User Agent: "Clients using the HTTP API must provide a valid User Agent … DiscordBot ($url, $versionNumber)"; without one "may be blocked and return a Cloudflare error".
    if (!/^DiscordBot \(\S+, \S+\)/.test(headers['user-agent'] ?? '')) return { status: 403, body: 'error code: 1010' };
    // reference, API versioning: versions that are discontinued "return 400 Bad Request".
    const found = /^\/api\/v(\d+)(\/.*)$/.exec(request.path);
    if (found?.[1] !== '10') return problem(400, 50041, 'Invalid API version provided');
    // reference, Authentication: "Authorization: Bot TOKEN".
    const token = /^Bot (\S+)$/.exec(headers.authorization ?? '')?.[1];
    if (token === undefined || !tokens.includes(token)) return problem(401, 0, '401: Unauthorized');
    const path = found[2];
    if (method === 'GET' && path === '/users/@me')
      return { status: 200, body: { id: '1', username: 'volary', bot: true } };
    const channel = /^\/channels\/([^/]+)\/messages$/.exec(path ?? '')?.[1];
    if (channel === undefined) return problem(404, 0, '404: Not Found');
    if (method !== 'POST') return problem(405, 0, '405: Method Not Allowed');
    return post(channel, request);
  }

  function post(channel: string, { headers, body }: VendorRequest): VendorAnswer {
    // reference, Snowflakes: ids are 64 bits, as text.
    if (!/^\d{1,20}$/.test(channel))
      return invalid('channel_id', 'NUMBER_TYPE_COERCE', `Value "${channel}" is not snowflake.`);
    const access = channels[channel];
    if (access === undefined) return problem(404, 10_003, 'Unknown Channel');
    if (access === 'no_access') return problem(403, 50_001, 'Missing Access');
    if (access === 'read_only') return problem(403, 50_013, 'Missing Permissions');
    // resources/message: "multipart/form-data or application/json".
    if (!/^application\/json(;|$)/.test(headers['content-type'] ?? ''))
      return problem(400, 50_035, 'Invalid Form Body');
    const fields = readFields(body);
    if (fields === null) return problem(400, 50_109, 'The request body contains invalid JSON.');
    const { content, nonce, enforce_nonce: isEnforced, allowed_mentions: allowed } = fields;
    // "When creating a message, apps must provide a value for at least one of content, embeds, …"
    if (typeof content !== 'string' || content.trim() === '')
      return problem(400, 50_006, 'Cannot send an empty message');
    if ([...content].length > MOST_CHARACTERS)
      return invalid('content', 'BASE_TYPE_MAX_LENGTH', 'Must be 2000 or fewer in length.');
    // "nonce: … (up to 25 characters)"
    if (nonce !== undefined && (typeof nonce !== 'string' || nonce.length > 25))
      return invalid('nonce', 'BASE_TYPE_MAX_LENGTH', 'Must be 25 or fewer in length.');
    // "enforce_nonce: If true and nonce is present, it will be checked for uniqueness in the past few minutes. If another message was created by the same author with the same nonce, that
    // message will be returned and no new message will be created."
    const same = isEnforced === true ? messages.find((each) => nonce !== undefined && each.nonce === nonce) : undefined;
    if (same !== undefined) return told(same);
    const parse = parseOf(allowed);
    const message: DiscordMessage = {
      ...{ id: String(1000 + messages.length), channel, content, nonce: typeof nonce === 'string' ? nonce : null },
      // Allowed mentions: "parse: … 'everyone' Controls @everyone and @here mentions"; "Because parse: [] is passed, … suppress all mentions".
      mentionsEveryone: parse.includes('everyone') && /@(everyone|here)/.test(content),
      mentions: [...content.matchAll(/<@(&|!)?(\d+)>/g)]
        .filter(([, kind]) => parse.includes(kind === '&' ? 'roles' : 'users'))
        .map(([text]) => text),
    };
    messages.push(message);
    return told(message);
  }

  const server = await startVendorServer(answer);
  return Object.assign(server, { messages, apiUrl: `${server.url}/api/v10` });
}

/** topics/rate-limits: "the API will return a HTTP 429 response code with a JSON body"; "retry_after (float): The number of seconds to wait before submitting another request." */
export function discordLimit(retryAfterSeconds: number): VendorAnswer {
  return {
    status: 429,
    headers: {
      'retry-after': String(Math.ceil(retryAfterSeconds)),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-scope': 'user',
    },
    body: { message: 'You are being rate limited.', retry_after: retryAfterSeconds, global: false },
  };
}

/** What is not said is allowed: "By default, all mentions are parsed". */
function parseOf(allowed: unknown): readonly string[] {
  if (typeof allowed !== 'object' || allowed === null || !('parse' in allowed)) return ['everyone', 'users', 'roles'];
  return Array.isArray(allowed.parse) ? allowed.parse.map(String) : [];
}

function told({ id, channel, content, mentionsEveryone }: DiscordMessage): VendorAnswer {
  return { status: 200, body: { id, channel_id: channel, content, mention_everyone: mentionsEveryone, type: 0 } };
}

function problem(status: number, code: number, message: string): VendorAnswer {
  return { status, body: { message, code } };
}

/** reference, Error messages: `{code: 50035, message: "Invalid Form Body", errors: {field: {_errors: [{code, message}]}}}` */
function invalid(field: string, code: string, message: string): VendorAnswer {
  return {
    status: 400,
    body: { code: 50_035, message: 'Invalid Form Body', errors: { [field]: { _errors: [{ code, message }] } } },
  };
}
