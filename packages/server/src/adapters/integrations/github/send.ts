import type { IntegrationHealth } from '../../../domain/integrations.ts';
import type { OutgoingMessages } from '../../../ports/integration.ts';
import { type AttemptClock, createAttempts } from '../shared/attempts.ts';
import { fieldsOf } from '../shared/fields-of.ts';
import type { AnswerHead, VendorCall } from '../shared/vendor-call.ts';
import { retryAfterMs, unreadable, VendorFailure } from '../shared/vendor-failure.ts';
import { asCode } from './as-code.ts';

export interface GithubSenderConfig {
  readonly token: string;
  /** Without a slash at the end. */
  readonly apiUrl: string;
  readonly version: string;
  readonly timeoutMs?: number;
}

/** https://docs.github.com/en/rest/about-the-rest-api/api-versions */
const API_VERSION = '2022-11-28';
/** "Otherwise, wait for at least one minute before retrying": https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
const MINUTE_MS = 60_000;

/** Comments and pull requests by GitHub's REST API, with Octokit; what that would log is not. */
export function createGithubSender(
  { clock }: { readonly clock: AttemptClock },
  config: GithubSenderConfig,
): OutgoingMessages {
  const { token, apiUrl, version, timeoutMs } = config;
  const limits = timeoutMs === undefined ? {} : { timeoutMs };
  const attempts = createAttempts({ clock }, { name: 'github', secret: token, ...limits });
  let loaded: Promise<typeof import('@octokit/core')> | null = null;
  const load = (): Promise<typeof import('@octokit/core')> => {
    loaded ??= import('@octokit/core');
    return loaded;
  };

  async function request(call: VendorCall, route: string, parameters: Record<string, unknown>) {
    const { Octokit } = await load();
    const octokit = new Octokit({ ...{ auth: token, baseUrl: apiUrl, userAgent: `Volary/${version}` }, log: SILENT });
    const headers = { 'x-github-api-version': API_VERSION };
    try {
      const { data }: { readonly data: unknown } = await octokit.request(route, {
        ...parameters,
        ...{ headers, request: { fetch: call.fetch } },
      });
      return data;
    } catch (error) {
      const head = call.head();
      throw head === null ? error : failureOf(head, error, clock.now());
    }
  }

  const comment = (call: VendorCall, { repository, issue, body }: NewCommentText) =>
    request(call, 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...{ ...partsOf(repository), issue_number: issue, body },
    });

  return {
    async initialize() {
      await load();
    },
    async sendNotification({ target, text }, options) {
      if (target.integration !== 'github') throw new TypeError('a notification for somebody else');
      const { repository, issue } = target;
      return await attempts.outcome((call) => comment(call, { repository, issue, body: asCode(text) }), options);
    },
    repositories: {
      async createPullRequest({ repository, title, body, head, base, isDraft }, options) {
        return await attempts.result(async (call) => {
          const asked = { ...partsOf(repository), title, body, head, base, draft: isDraft };
          const { number, html_url: url } = fieldsOf(await request(call, 'POST /repos/{owner}/{repo}/pulls', asked));
          if (typeof number !== 'number' || typeof url !== 'string') throw unreadable(201);
          return { number, url };
        }, options);
      },
      async comment(asked, options) {
        return await attempts.result(async (call) => {
          const { id, html_url: url } = fieldsOf(await comment(call, asked));
          if (typeof id !== 'number' || typeof url !== 'string') throw unreadable(201);
          return { id: String(id), url };
        }, options);
      },
    },
    channels: null,
    async health(options): Promise<IntegrationHealth> {
      return await attempts.health(async (call) => {
        // Asking for this counts against nothing.
        const answer = await request(call, 'GET /rate_limit', {}).catch(unlessUnlimited);
        if (answer === null) return 'no rate limits';
        const { rate } = fieldsOf(answer);
        const { remaining, limit } = fieldsOf(rate);
        if (typeof remaining !== 'number' || typeof limit !== 'number') throw unreadable(200);
        return `${remaining} of ${limit} requests left`;
      }, options);
    },
  };
}

interface NewCommentText {
  readonly repository: string;
  readonly issue: number;
  readonly body: string;
}

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Null of the 404 by which an Enterprise Server without rate limits says so; who has asked it knows by then. Else it throws what it was given. */
function unlessUnlimited(error: unknown): null {
  if (error instanceof VendorFailure && error.status === 404 && /rate limit/i.test(error.message)) return null;
  throw error;
}

function partsOf(repository: string): { readonly owner: string; readonly repo: string } {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}

/** What a token may not see is not there: 404 says that as well. */
const DENIED: ReadonlySet<number> = new Set([401, 403, 404]);

/**
 * 403 says either that something is not allowed, or that it was too much: then "the x-ratelimit-remaining header will be 0", or the message "indicates that you exceeded a secondary rate
 * limit".
 */
function failureOf({ status, headers }: AnswerHead, thrown: unknown, now: number): VendorFailure {
  const words = thrown instanceof Error ? `${status}, ${withoutLink(thrown.message)}` : String(status);
  const limited = status === 403 || status === 429 ? waitOf(headers, words, now) : null;
  const about = { error: 'status', status } as const;
  if (limited !== null) return new VendorFailure(words, { ...about, kind: 'later', retryAfterMs: limited });
  if (status < 400) return unreadable(status);
  if (status >= 500 || status === 408 || status === 429) {
    return new VendorFailure(words, { ...about, kind: 'later', retryAfterMs: retryAfterMs(headers) });
  }
  return new VendorFailure(words, { ...about, kind: DENIED.has(status) ? 'denied' : 'final' });
}

function waitOf(headers: Headers, words: string, now: number): number | null {
  const asked = retryAfterMs(headers);
  if (asked !== null) return asked;
  const reset = Number(headers.get('x-ratelimit-reset') ?? 'none');
  if (headers.get('x-ratelimit-remaining') === '0' && Number.isFinite(reset)) return Math.max(0, reset * 1000 - now);
  return /rate limit/i.test(words) ? MINUTE_MS : null;
}

/** Octokit puts the address of the page about it behind. */
function withoutLink(message: string): string {
  return message.replace(/ - https?:\S+$/, '').replace(/\.$/, '');
}
