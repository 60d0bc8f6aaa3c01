import { createHmac } from 'node:crypto';
import { Webhooks } from '@octokit/webhooks';
import { expect, it } from 'vitest';
import type { IncomingDelivery, IntegrationEvent } from '../../../domain/integrations.ts';
import { incomingEventsContract } from '../../../ports/integration.contract.ts';
import type { IncomingEvents } from '../../../ports/integration.ts';
import { createGithubIntegration } from './github-integration.ts';

const SECRET = "It's a Secret to Everybody";
const WHERE = { repository: { full_name: 'octo/hello' }, sender: { login: 'mona' } };
const PULL_REQUEST = {
  ...{ number: 7, title: 'Fix bug', state: 'open', draft: false, merged: false, html_url: 'https://x/pull/7' },
  ...{ head: { ref: 'fix', sha: 'abc' }, base: { ref: 'main' } },
};
const SHOWN_PULL_REQUEST = {
  ...{ number: 7, title: 'Fix bug', state: 'open', draft: false, merged: false, url: 'https://x/pull/7' },
  ...{ head: 'fix', head_sha: 'abc', base: 'main' },
};

function make(): IncomingEvents {
  const { incoming } = createGithubIntegration(
    { clock: { now: () => 0, monotonicMs: () => 0 } },
    { token: null, webhookSecret: SECRET, apiUrl: 'https://api.github.com', version: '1' },
  );
  if (incoming === null) throw new Error('it takes nothing');
  return incoming;
}

function signed(body: Uint8Array, secret: string, headers: Readonly<Record<string, string>> = {}): IncomingDelivery {
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  return { headers: { 'x-hub-signature-256': signature, ...headers }, body };
}

/** As GitHub sends it, signed by GitHub's own library. */
async function take(
  name: string,
  payload: object,
  { form = false, id = '72d3162e-cc78-11e3-81ab-4c9367dc0958' } = {},
): Promise<IntegrationEvent> {
  const json = JSON.stringify(payload);
  const body = form ? new URLSearchParams({ payload: json }).toString() : json;
  const signature = await new Webhooks({ secret: SECRET }).sign(body);
  const headers = {
    'x-github-event': name,
    'x-github-delivery': id,
    'x-hub-signature-256': signature,
    'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
  };
  const taken = make().handleEvent({ headers, body: Buffer.from(body) });
  if (taken.kind !== 'event') throw new Error(`it is a ${taken.kind}`);
  return taken.event;
}

incomingEventsContract('GitHub', () => ({
  incoming: make(),
  sign: (body, { isForged = false } = {}) => signed(body, isForged ? 'another' : SECRET),
  nowMs: 0,
  hasWindow: false,
  bodies: [
    { action: 'opened', pull_request: { number: 123, title: 'Fix bug' } },
    { action: 'created', issue: { number: 1, title: 'a' }, comment: { id: 1, body: 'b' }, ...WHERE },
    { zen: 'Keep it logically awesome.' },
    {},
  ],
}));

it('is believed by the values that GitHub publishes for tests', () => {
  const headers = {
    'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  };
  // It is believed, and only then found to be no JSON.
  expect(() => make().handleEvent({ headers, body: Buffer.from('Hello, World!') })).toThrow('not valid JSON');
  expect(() => make().handleEvent({ headers, body: Buffer.from('Hello, World?') })).toThrow('signature');
});

it('says what has happened where, who did it and what it is about', async () => {
  expect(await take('pull_request', { action: 'opened', pull_request: PULL_REQUEST, ...WHERE })).toMatchObject({
    ...{ integration: 'github', deliveryId: '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
    ...{ kind: 'pull_request', action: 'opened' },
    summary: { repository: 'octo/hello', sender: 'mona', ...SHOWN_PULL_REQUEST },
  });
  expect(
    (
      await take('pull_request_review', {
        ...{ action: 'submitted', pull_request: PULL_REQUEST, ...WHERE },
        review: { state: 'approved', body: 'Good', html_url: 'https://x/review' },
      })
    ).summary,
  ).toEqual({
    ...{ repository: 'octo/hello', sender: 'mona', ...SHOWN_PULL_REQUEST },
    ...{ state: 'approved', body: 'Good', url: 'https://x/review' },
  });
  const push = {
    ...{ ref: 'refs/heads/main', before: 'a', after: 'b', forced: false, commits: [{}, {}] },
    head_commit: { message: 'Mend it' },
  };
  expect((await take('push', { ...push, ...WHERE })).summary).toEqual({
    ...{ repository: 'octo/hello', sender: 'mona', ref: 'refs/heads/main', before: 'a', after: 'b', forced: false },
    ...{ commits: 2, message: 'Mend it' },
  });
  const issue = { number: 3, title: 'Help', state: 'open', html_url: 'https://x/issues/3' };
  const shownIssue = { number: 3, title: 'Help', state: 'open' };
  expect(await take('issues', { action: 'opened', issue, ...WHERE })).toMatchObject({
    action: 'opened',
    summary: { ...shownIssue, url: 'https://x/issues/3' },
  });
  const comment = { id: 9, body: 'Why?', html_url: 'https://x/issues/3#9' };
  expect((await take('issue_comment', { action: 'created', issue, comment, ...WHERE })).summary).toEqual({
    ...{ repository: 'octo/hello', sender: 'mona', ...shownIssue, is_pull_request: false },
    ...{ comment_id: 9, body: 'Why?', url: 'https://x/issues/3#9' },
  });
  const run = { name: 'test', status: 'completed', conclusion: 'failure', head_sha: 'abc', html_url: 'https://x/run' };
  expect((await take('check_run', { action: 'completed', check_run: run })).summary).toEqual({
    ...{ name: 'test', status: 'completed', conclusion: 'failure', head_sha: 'abc', url: 'https://x/run' },
  });
  expect((await take('ping', { zen: 'Design for failure.', hook_id: 1 })).summary).toEqual({
    ...{ zen: 'Design for failure.', hook_id: 1 },
  });
});

it('keeps of what it does not know who did it and where, whatever it is called', async () => {
  expect(await take('sponsorship', { action: 'created', secret: 'x', ...WHERE })).toMatchObject({
    ...{ kind: 'sponsorship', action: 'created', summary: { repository: 'octo/hello', sender: 'mona' } },
  });
  expect(await take('constructor', WHERE)).toMatchObject({ kind: 'constructor' });
  expect(await take('Not A Name!', WHERE)).toMatchObject({ kind: 'unknown', summary: { sender: 'mona' } });
});

it('reads a form as it reads JSON', async () => {
  const payload = { action: 'opened', pull_request: PULL_REQUEST, ...WHERE };
  const { summary } = await take('pull_request', payload, { form: true });
  expect(summary).toEqual((await take('pull_request', payload)).summary);
});

it('knows a body again that comes under another name, which nobody has signed', async () => {
  const [first, second] = [await take('ping', { zen: 'a' }), await take('ping', { zen: 'a' }, { id: 'another' })];
  expect(second.deliveryId).not.toBe(first.deliveryId);
  expect(second.digest).toBe(first.digest);
  expect((await take('ping', { zen: 'a' }, { id: 'x'.repeat(1_000) })).deliveryId).toBe(first.digest);
});
