import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { type GitHub, primaryLimit, secondaryLimit, startGitHub } from './github.ts';

const HEADERS = { authorization: 'Bearer ghp_writes', accept: 'application/vnd.github+json', 'user-agent': 'test' };
const PULL = { title: 'Feature', head: 'feature', base: 'main' };
let github: GitHub;

beforeEach(async () => {
  github = await startGitHub({
    tokens: { ghp_writes: 'write', ghp_reads: 'read' },
    repositories: {
      'acme/web': { branches: ['main', 'feature'], issues: [7] },
      'acme/closed': { branches: ['main'], issues: [7], hasIssues: false },
    },
  });
});
afterEach(async () => await github[Symbol.asyncDispose]());

describe('the GitHub of the tests', () => {
  it('opens pull requests, takes comments, tells its rate limit', async () => {
    const pull = await ask(`${github.url}/repos/acme/web/pulls`, { headers: HEADERS, body: PULL });
    const comment = await ask(`${github.url}/repos/acme/web/issues/8/comments`, {
      headers: HEADERS,
      body: { body: 'Hi' },
    });
    const limit = await ask(`${github.url}/rate_limit`, { method: 'GET', headers: HEADERS });

    expect(pull).toMatchObject({ status: 201, body: { number: 8, state: 'open' } });
    expect(pull.headers.get('location')).toContain('/acme/web/pull/8');
    expect(comment).toMatchObject({ status: 201, body: { id: 1, body: 'Hi' } });
    expect(limit).toMatchObject({ status: 200, body: { rate: { limit: 5000 } } });
    expect(github.pulls).toEqual([{ ...PULL, repository: 'acme/web', number: 8, body: null, draft: false }]);
    expect(github.comments).toEqual([{ repository: 'acme/web', issue: 8, body: 'Hi' }]);
  });

  it.each<[string, Readonly<Record<string, string>>, number, string]>([
    ['no token', { authorization: '' }, 401, 'Requires authentication'],
    ['a scheme that it does not know', { authorization: 'Basic eDp5' }, 401, 'Requires authentication'],
    ['a token that it does not know', { authorization: 'Bearer wrong' }, 401, 'Bad credentials'],
    [
      'a token that may not write',
      { authorization: 'token ghp_reads' },
      403,
      'Resource not accessible by personal access token',
    ],
    [
      'a version that there is not',
      { 'x-github-api-version': '2001-01-01' },
      400,
      'Unsupported API version 2001-01-01',
    ],
  ])('refuses %s', async (_what, headers, status, message) => {
    const refused = await ask(`${github.url}/repos/acme/web/pulls`, {
      headers: { ...HEADERS, ...headers },
      body: PULL,
    });

    expect(refused).toMatchObject({ status, body: { message, status: String(status) } });
    expect(github.pulls).toEqual([]);
  });

  it('refuses whoever does not say who asks', async () => {
    const refused = await ask(`${github.url}/rate_limit`, { method: 'GET', headers: { ...HEADERS, 'user-agent': '' } });

    expect(refused.status).toBe(403);
  });

  it.each<[string, string, unknown, number, unknown]>([
    ['what is no JSON', 'web/pulls', '{', 400, { message: 'Problems parsing JSON' }],
    ['what is no object', 'web/pulls', '[]', 400, { message: 'Body should be a JSON object' }],
    [
      'a pull request without a title',
      'web/pulls',
      { ...PULL, title: '' },
      422,
      { errors: [{ resource: 'PullRequest', code: 'missing_field', field: 'title' }] },
    ],
    [
      'one from a branch that there is not',
      'web/pulls',
      { ...PULL, head: 'nowhere' },
      422,
      { errors: [{ code: 'invalid', field: 'head' }] },
    ],
    [
      'one into a branch that there is not',
      'web/pulls',
      { ...PULL, base: 'nowhere' },
      422,
      { errors: [{ code: 'invalid', field: 'base' }] },
    ],
    [
      'one of a branch into itself',
      'web/pulls',
      { ...PULL, head: 'main' },
      422,
      { errors: [{ code: 'custom', message: 'No commits between main and main' }] },
    ],
    [
      'one with a text that is too long',
      'web/pulls',
      { ...PULL, body: 'x'.repeat(65_537) },
      422,
      { errors: [{ code: 'custom' }] },
    ],
    ['a repository that the token does not see', 'secret/pulls', PULL, 404, { message: 'Not Found' }],
    ['a comment about nothing', 'web/issues/99/comments', { body: 'x' }, 404, { message: 'Not Found' }],
    [
      'an empty comment',
      'web/issues/7/comments',
      { body: ' ' },
      422,
      { errors: [{ code: 'missing_field', field: 'body' }] },
    ],
    [
      'a comment that is too long',
      'web/issues/7/comments',
      { body: 'x'.repeat(65_537) },
      422,
      { errors: [{ code: 'unprocessable' }] },
    ],
    ['a comment where there are none', 'closed/issues/7/comments', { body: 'x' }, 410, {}],
  ])('refuses %s', async (_what, path, body, status, problem) => {
    const refused = await ask(`${github.url}/repos/acme/${path}`, { headers: HEADERS, body });

    expect(refused).toMatchObject({ status, body: problem });
    expect([github.pulls, github.comments]).toEqual([[], []]);
  });

  it('refuses a second pull request of the same branches', async () => {
    await ask(`${github.url}/repos/acme/web/pulls`, { headers: HEADERS, body: PULL });
    const again = await ask(`${github.url}/repos/acme/web/pulls`, { headers: HEADERS, body: PULL });

    expect(again).toMatchObject({
      status: 422,
      body: { errors: [{ code: 'custom', message: 'A pull request already exists for acme:feature.' }] },
    });
  });

  it('says when to come again, where it does', async () => {
    github.failNext(secondaryLimit(30), secondaryLimit(null), primaryLimit(1_700_000_000));
    const get = () => ask(`${github.url}/rate_limit`, { method: 'GET', headers: HEADERS });
    const [secondary, silent, primary] = [await get(), await get(), await get()];

    expect([secondary.status, silent.status, primary.status]).toEqual([403, 403, 403]);
    expect([secondary.headers.get('retry-after'), silent.headers.get('retry-after')]).toEqual(['30', null]);
    expect(primary.headers.get('x-ratelimit-remaining')).toBe('0');
    expect((await get()).status).toBe(200);
  });
});
