import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitHub, primaryLimit, secondaryLimit } from '../../../../../../test/vendors/github.ts';
import { githubSender, notificationOf, startStrictGitHub, TARGETS } from '../testing/vendors.ts';
import { asCode } from './as-code.ts';

const never = new AbortController().signal;
const PULL = { repository: 'acme/web', title: 'Feature', body: '', head: 'feature', base: 'main', isDraft: false };
let github: GitHub;

beforeEach(async () => {
  github = await startStrictGitHub();
});
afterEach(async () => await github[Symbol.asyncDispose]());

describe('sending to GitHub', () => {
  it('opens pull requests, and comments on them', async () => {
    const { repositories } = githubSender(github);
    const pull = await repositories?.createPullRequest(
      { ...PULL, isDraft: true, body: 'Closes #7' },
      { signal: never },
    );
    const comment = await repositories?.comment(
      { repository: 'acme/web', issue: 8, body: '**Hi** @all' },
      { signal: never },
    );

    expect(pull).toEqual({ number: 8, url: 'https://github.example/acme/web/pull/8' });
    expect(comment).toEqual({ id: '1', url: 'https://github.example/acme/web/issues/8#issuecomment-1' });
    expect(github.pulls).toMatchObject([{ title: 'Feature', body: 'Closes #7', draft: true }]);
    expect(github.comments).toEqual([{ repository: 'acme/web', issue: 8, body: '**Hi** @all' }]);
  });

  it('asks as the documentation has it', async () => {
    await githubSender(github).health({ signal: never });

    expect(github.requests).toMatchObject([
      {
        method: 'GET',
        path: '/rate_limit',
        headers: {
          accept: 'application/vnd.github.v3+json',
          'x-github-api-version': '2022-11-28',
          'user-agent': expect.stringMatching(/^Volary\/1\.2\.3 /),
        },
      },
    ]);
  });

  it('tells of events as what they are, mentioning nobody', async () => {
    const text = 'VM `web`: @octocat broke ``#7``\n<script>';
    const outcome = await githubSender(github).sendNotification(notificationOf(TARGETS.github, text), {
      signal: never,
    });

    expect(outcome).toMatchObject({ status: 200, error: null, retryAfterMs: null });
    expect(github.comments[0]?.body).toBe('``` VM `web`: @octocat broke ``#7`` <script> ```');
  });

  it.each<[string, Partial<typeof PULL>, number, string]>([
    [
      'a branch that there is not',
      { head: 'nowhere' },
      422,
      'GitHub has refused it: 422, Validation Failed: {"resource":"PullRequest","code":"invalid","field":"head"}.',
    ],
    ['nothing to bring', { head: 'main' }, 422, 'No commits between main and main'],
    ['a repository that there is not', { repository: 'acme/none' }, 404, 'GitHub has refused it: 404, Not Found.'],
  ])('says what GitHub has against %s', async (_what, change, status, message) => {
    const asked = githubSender(github).repositories?.createPullRequest({ ...PULL, ...change }, { signal: never });

    await expect(asked).rejects.toMatchObject({
      ...{ code: 'failed_precondition', reason: 'integration.refused', details: { integration: 'github', status } },
      message: expect.stringContaining(message),
    });
  });

  it('gives up what GitHub will never take, and not what somebody can allow', async () => {
    const send = async (repository: string) =>
      await githubSender(github).sendNotification(notificationOf({ ...TARGETS.github, repository }), { signal: never });
    const gone = await send('acme/closed');
    // What a token may not see is not there.
    const unseen = await send('acme/private');
    const denied = await githubSender(github, { token: 'ghp_reads' }).sendNotification(notificationOf(TARGETS.github), {
      signal: never,
    });

    expect(gone).toMatchObject({ status: 410, error: 'status', isFinal: true });
    expect(unseen).toMatchObject({ status: 404, error: 'status', isFinal: false, response: '404, Not Found' });
    expect(denied).toMatchObject({ status: 403, error: 'status', isFinal: false });
  });

  it.each<[string, ReturnType<typeof secondaryLimit>, { readonly from: number; readonly to: number }]>([
    ['a secondary limit that says when', secondaryLimit(30), { from: 30_000, to: 30_000 }],
    ['a secondary limit that does not', secondaryLimit(null), { from: 60_000, to: 60_000 }],
    ['a primary limit', primaryLimit(Math.ceil(Date.now() / 1000) + 600), { from: 500_000, to: 601_000 }],
    ['a primary limit that is over', primaryLimit(1_700_000_000), { from: 0, to: 0 }],
  ])('waits as long as %s asks', async (_what, answer, { from, to }) => {
    github.failAll(answer);
    const { repositories, ...sender } = githubSender(github);
    const outcome = await sender.sendNotification(notificationOf(TARGETS.github), { signal: never });

    expect(outcome).toMatchObject({ status: 403, error: 'status', isFinal: false });
    expect(outcome.retryAfterMs).toBeGreaterThanOrEqual(from);
    expect(outcome.retryAfterMs).toBeLessThanOrEqual(to);
    await expect(repositories?.createPullRequest(PULL, { signal: never })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('the health of GitHub', () => {
  it('is well where there are no rate limits', async () => {
    await using enterprise = await startStrictGitHub({ hasRateLimits: false });

    expect(await githubSender(enterprise).health({ signal: never })).toEqual({ why: null, detail: 'no rate limits' });
    expect((await githubSender(enterprise, { token: 'wrong' }).health({ signal: never })).why).toContain('401');
  });

  it('is not well where something else answers', async () => {
    github.failNext({ status: 404, body: { message: 'Not Found' } });

    expect((await githubSender(github).health({ signal: never })).why).toBe('GitHub: 404, Not Found.');
  });
});

describe('text as code', () => {
  it.each([
    ['plain', '` plain `'],
    ['two\n lines', '` two lines `'],
    ['`quoted`', '`` `quoted` ``'],
    ['a ```` b', '````` a ```` b `````'],
  ])('has %j within more backquotes than it has', (text, code) => {
    expect(asCode(text)).toBe(code);
  });
});
