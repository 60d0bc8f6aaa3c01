/**
 * GitHub's REST API, as far as pull requests, comments and the rate limit go, by what GitHub's documentation says of it:
 * https://docs.github.com/en/rest (below: REST). Quoted is the sentence that a rule comes from.
 */
import {
  readFields,
  startVendorServer,
  type VendorAnswer,
  type VendorRequest,
  type VendorServer,
} from './vendor-server.ts';

export interface GitHubOptions {
  /** False of an Enterprise Server whose administrator has set no rate limits, which is as it comes. */
  readonly hasRateLimits?: boolean;
  /** Tokens that it knows, and whether they may write. */
  readonly tokens: Readonly<Record<string, 'write' | 'read'>>;
  /** `owner/name` of those that the tokens can see, with what is in them. */
  readonly repositories: Readonly<Record<string, Repository>>;
}

export interface Repository {
  readonly branches: readonly string[];
  /** Issues and pull requests share their numbers. */
  readonly issues: readonly number[];
  /** Without issues, comments are gone. */
  readonly hasIssues?: boolean;
}

export interface Pull {
  readonly repository: string;
  readonly number: number;
  readonly title: string;
  readonly head: string;
  readonly base: string;
  readonly body: string | null;
  readonly draft: boolean;
}

export interface Comment {
  readonly repository: string;
  readonly issue: number;
  readonly body: string;
}

export interface GitHub extends VendorServer {
  readonly pulls: readonly Pull[];
  readonly comments: readonly Comment[];
}

const DOCS = 'https://docs.github.com/rest';
/** REST, Issue comments: a longer one is "too long (maximum is 65536 characters)". */
const MOST_CHARACTERS = 65_536;

export async function startGitHub({ tokens, repositories, hasRateLimits = true }: GitHubOptions): Promise<GitHub> {
  const pulls: Pull[] = [];
  const comments: Comment[] = [];

  function answer(request: VendorRequest): VendorAnswer {
    const { headers, method, path } = request;
    // REST, Getting started: "All API requests must include a valid User-Agent header." Those without are rejected with 403.
    if ((headers['user-agent'] ?? '') === '') {
      return {
        status: 403,
        body: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header',
      };
    }
    // REST, API versions: "If you specify an API version that is no longer supported, you will receive a 400 error."
    const version = headers['x-github-api-version'];
    if (version !== undefined && version !== '2022-11-28')
      return problem(400, `Unsupported API version ${String(version)}`);
    const token = tokenOf(headers.authorization);
    // REST, Authenticating: "If you try to use a REST API endpoint without a token or with a token that has insufficient permissions, you will receive a 404 Not Found or 403 Forbidden
    // response. Authenticating with invalid credentials will initially return a 401 Unauthorized response."
    if (token === null) return problem(401, 'Requires authentication');
    const right = tokens[token];
    if (right === undefined) return problem(401, 'Bad credentials');
    // Enterprise Server, Configuring rate limits: they are "disabled by default"; then there are none to tell.
    if (method === 'GET' && path === '/rate_limit')
      return hasRateLimits ? rateLimit() : problem(404, 'Rate limiting is not enabled.');
    const { pull, repository, issue } = placeOf(path);
    const found = repository === null ? undefined : repositories[repository];
    if (repository === null || found === undefined || method !== 'POST') return problem(404, 'Not Found');
    if (right !== 'write') return problem(403, 'Resource not accessible by personal access token');
    // REST, Troubleshooting: "Problems parsing JSON", "Body should be a JSON object": 400.
    const fields = readFields(request.body);
    if (fields === null)
      return problem(400, isJson(request.body) ? 'Body should be a JSON object' : 'Problems parsing JSON');
    if (pull) return createPull(repository, found, fields);
    return createComment(repository, found, issue, fields);
  }

  function createPull(repository: string, { branches, issues }: Repository, fields: Fields): VendorAnswer {
    const { title, head, base, body, draft } = fields;
    // REST, Create a pull request: "head: Required", "base: Required", "title: Required unless issue is specified".
    for (const [field, value] of Object.entries({ title, head, base }))
      if (typeof value !== 'string' || value === '') return invalid('PullRequest', 'missing_field', { field });
    if (typeof title !== 'string' || typeof head !== 'string' || typeof base !== 'string')
      return problem(422, 'Validation Failed');
    // "head: The name of the branch where your changes are implemented. For cross-repository pull requests in the same network, namespace head with a user like this: username:branch."
    const branch = head.includes(':') ? head.slice(head.indexOf(':') + 1) : head;
    if (!branches.includes(branch)) return invalid('PullRequest', 'invalid', { field: 'head' });
    if (!branches.includes(base)) return invalid('PullRequest', 'invalid', { field: 'base' });
    const [owner] = repository.split('/');
    if (branch === base) return custom(`No commits between ${base} and ${branch}`);
    if (pulls.some((each) => each.repository === repository && each.head === head && each.base === base))
      return custom(`A pull request already exists for ${owner}:${branch}.`);
    if (body !== undefined && body !== null && (typeof body !== 'string' || body.length > MOST_CHARACTERS))
      return custom('body is too long (maximum is 65536 characters)');
    const number = Math.max(0, ...issues, ...pulls.map((each) => each.number)) + 1;
    pulls.push({
      ...{ repository, number, title, head, base },
      body: typeof body === 'string' ? body : null,
      draft: draft === true,
    });
    const url = `https://github.example/${repository}/pull/${number}`;
    return {
      status: 201,
      headers: { location: url },
      body: { id: number, number, html_url: url, state: 'open', title },
    };
  }

  function createComment(repository: string, found: Repository, issue: number, { body }: Fields): VendorAnswer {
    // REST, Create an issue comment: 404 Resource not found, 410 Gone, 422 Validation failed.
    if (found.hasIssues === false) return problem(410, 'Issues has been disabled in this repository.');
    const isKnown =
      found.issues.includes(issue) || pulls.some((pull) => pull.repository === repository && pull.number === issue);
    if (!isKnown) return problem(404, 'Not Found');
    if (typeof body !== 'string' || body.trim() === '')
      return invalid('IssueComment', 'missing_field', { field: 'body' });
    if (body.length > MOST_CHARACTERS) {
      return invalid('IssueComment', 'unprocessable', {
        field: 'data',
        message: 'Body is too long (maximum is 65536 characters)',
      });
    }
    comments.push({ repository, issue, body });
    const url = `https://github.example/${repository}/issues/${issue}#issuecomment-${comments.length}`;
    return { status: 201, headers: { location: url }, body: { id: comments.length, html_url: url, body } };
  }

  return Object.assign(await startVendorServer(answer), { pulls, comments });
}

/**
 * REST, Rate limits: "If you exceed a secondary rate limit, you will receive a 403 or 429 response and an error message that indicates that you exceeded a secondary rate limit.
 * If the retry-after response header is present, you should not retry your request until after that many seconds has elapsed."
 */
export function secondaryLimit(retryAfterSeconds: number | null): VendorAnswer {
  const refused = problem(
    403,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  );
  return retryAfterSeconds === null ? refused : { ...refused, headers: { 'retry-after': String(retryAfterSeconds) } };
}

/** The same: "If you exceed your primary rate limit, you will receive a 403 or 429 response, and the x-ratelimit-remaining header will be 0", "reset … in UTC epoch seconds". */
export function primaryLimit(resetAtSeconds: number): VendorAnswer {
  const headers = {
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(resetAtSeconds),
  };
  return { ...problem(403, 'API rate limit exceeded for user ID 1.'), headers };
}

type Fields = Readonly<Record<string, unknown>>;

/** REST, Authenticating: "Authorization: Bearer YOUR-TOKEN … In most cases, you can use Authorization: Bearer or Authorization: token to pass a token." */
function tokenOf(header: string | undefined): string | null {
  return /^(?:bearer|token) (\S+)$/i.exec(header ?? '')?.[1] ?? null;
}

function placeOf(path: string): { readonly pull: boolean; readonly repository: string | null; readonly issue: number } {
  const found = /^\/repos\/([\w.-]+\/[\w.-]+)\/(?:pulls|issues\/(\d+)\/comments)$/.exec(path);
  return { pull: found?.[2] === undefined, repository: found?.[1] ?? null, issue: Number(found?.[2] ?? 0) };
}

function rateLimit(): VendorAnswer {
  const core = { limit: 5000, remaining: 4999, reset: 1_700_000_000, used: 1 };
  return { status: 200, body: { resources: { core }, rate: core } };
}

function problem(status: number, message: string, more: Fields = {}): VendorAnswer {
  return { status, body: { message, ...more, documentation_url: DOCS, status: String(status) } };
}

/** REST, Troubleshooting: `{resource, field, code}`: "missing_field", "invalid", "custom: refer to the message property". */
function invalid(resource: string, code: string, more: Fields): VendorAnswer {
  return problem(422, 'Validation Failed', { errors: [{ resource, code, ...more }] });
}

function custom(message: string): VendorAnswer {
  return invalid('PullRequest', 'custom', { message });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
