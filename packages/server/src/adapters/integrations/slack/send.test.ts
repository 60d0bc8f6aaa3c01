import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Slack, slackLimit } from '../../../../../../test/vendors/slack.ts';
import { notificationOf, slackSender, startStrictSlack, TARGETS } from '../testing/vendors.ts';

const never = new AbortController().signal;
let slack: Slack;

beforeEach(async () => {
  slack = await startStrictSlack();
});
afterEach(async () => await slack[Symbol.asyncDispose]());

describe('sending to Slack', () => {
  it('posts what somebody writes, as it is', async () => {
    const posted = await slackSender(slack).channels?.postMessage(
      { channel: '#general', text: '*Hi* <!here> & "é"' },
      { signal: never },
    );

    expect(posted).toEqual({ id: '1700000000.000001', channel: 'C1' });
    expect(slack.messages).toEqual([{ channel: 'C1', text: '*Hi* <!here> & "é"', thread: null, links: [] }]);
  });

  it('tells of events as what they are, mentioning nobody', async () => {
    const text = 'VM <!channel> & <https://evil.example|web> *failed* https://evil.example/login';
    const outcome = await slackSender(slack).sendNotification(notificationOf(TARGETS.slack, text), { signal: never });
    const sent = new URLSearchParams(slack.requests[0]?.body);

    expect(outcome).toMatchObject({ status: 200, error: null });
    expect(slack.messages[0]?.text).toBe(
      'VM &lt;!channel&gt; &amp; &lt;https://evil.example|web&gt; *failed* https://evil.example/login',
    );
    expect(slack.messages[0]?.links).toEqual([]);
    expect([sent.get('mrkdwn'), sent.get('unfurl_links'), sent.get('unfurl_media'), sent.get('token')]).toEqual([
      ...['false', 'false', 'false'],
      null,
    ]);
  });

  it.each<[string, string, string | undefined, boolean, string]>([
    ['a channel that it does not see', 'C9', undefined, false, 'channel_not_found'],
    ['a private channel that it is not in', 'C4', undefined, false, 'channel_not_found'],
    ['a channel that is put away', 'C3', undefined, true, 'is_archived'],
    ['a channel that it is not in', 'C2', undefined, false, 'not_in_channel'],
    ['a token that may not write', 'C1', 'xoxb-reads', false, 'missing_scope'],
    ['a token that is none', 'C1', 'xoxb-wrong', false, 'invalid_auth'],
  ])('says what Slack has against %s', async (_what, channel, token, isFinal, word) => {
    const sender = slackSender(slack, token === undefined ? {} : { token });
    const outcome = await sender.sendNotification(notificationOf({ integration: 'slack', channel }), { signal: never });

    expect(outcome).toMatchObject({ status: 200, error: 'refused', response: word, isFinal });
    await expect(sender.channels?.postMessage({ channel, text: 'x' }, { signal: never })).rejects.toMatchObject({
      ...{ code: 'failed_precondition', reason: 'integration.refused' },
      message: `Slack has refused it: ${word}.`,
    });
  });

  it('comes again later when Slack has troubles of its own', async () => {
    slack.failNext(slackLimit(30), { status: 200, body: { ok: false, error: 'internal_error' } });
    const sender = slackSender(slack);
    const limited = await sender.sendNotification(notificationOf(TARGETS.slack), { signal: never });
    const broken = await sender.sendNotification(notificationOf(TARGETS.slack), { signal: never });
    slack.failNext({ status: 429, body: 'slow down' });
    const unsaid = await sender.sendNotification(notificationOf(TARGETS.slack), { signal: never });

    expect(limited).toMatchObject({ status: 429, error: 'status', retryAfterMs: 30_000, isFinal: false });
    expect(broken).toMatchObject({ status: 200, error: 'refused', retryAfterMs: null, isFinal: false });
    expect(unsaid).toMatchObject({ status: 429, error: 'status', retryAfterMs: null, isFinal: false });
    expect(slack.requests.length).toBe(3);
  });

  it('knows in which workspace it is', async () => {
    expect(await slackSender(slack).health({ signal: never })).toEqual({ why: null, detail: 'in Work' });
  });
});
