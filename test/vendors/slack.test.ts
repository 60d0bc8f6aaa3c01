import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { type Slack, slackLimit, startSlack } from './slack.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const HEADERS = { authorization: 'Bearer xoxb-writes', 'content-type': JSON_TYPE };
const MESSAGE = { channel: 'C1', text: 'Hello' };
let slack: Slack;

beforeEach(async () => {
  slack = await startSlack({
    tokens: { 'xoxb-writes': ['chat:write'], 'xoxb-reads': ['channels:read'] },
    channels: [
      { id: 'C1', name: 'general' },
      { id: 'C2', name: 'old', isArchived: true },
      { id: 'C3', name: 'others', isMember: false },
      { id: 'C4', name: 'board', isMember: false, isPrivate: true },
    ],
  });
});
afterEach(async () => await slack[Symbol.asyncDispose]());

const post = (body: unknown, headers: Readonly<Record<string, string>> = HEADERS, method = 'chat.postMessage') =>
  ask(`${slack.apiUrl}/${method}`, { headers, body });

describe('the Slack of the tests', () => {
  it('takes messages as JSON and as forms, by the id of a channel and by its name', async () => {
    const form = { authorization: 'Bearer xoxb-writes', 'content-type': 'application/x-www-form-urlencoded' };
    const answers = [
      await post(MESSAGE),
      await post({ ...MESSAGE, channel: '#general', thread_ts: '1700000000.000001' }),
      await post('channel=general&text=a%26b', form),
      await post('channel=general&text=x&token=xoxb-writes', { 'content-type': form['content-type'] }),
    ];

    for (const { status, body } of answers) expect([status, body]).toMatchObject([200, { ok: true, channel: 'C1' }]);
    expect(slack.messages.map(({ text }) => text)).toEqual(['Hello', 'Hello', 'a&b', 'x']);
    expect(slack.messages[1]?.thread).toBe('1700000000.000001');
    expect((await post('', HEADERS, 'auth.test')).body).toMatchObject({ ok: false, error: 'invalid_json' });
    expect((await post({}, HEADERS, 'auth.test')).body).toMatchObject({ ok: true, team: 'Work' });
  });

  it('makes links of what looks like one, unless it is told not to', async () => {
    const text = 'see https://a.example/x and <https://b.example|b>';
    await post({ ...MESSAGE, text });
    await post({ ...MESSAGE, text, parse: 'none' });

    expect(slack.messages.map(({ links }) => links)).toEqual([
      ['https://a.example/x', 'https://b.example'],
      ['https://b.example'],
    ]);
  });

  it('cuts what is too long', async () => {
    await post({ ...MESSAGE, text: 'x'.repeat(40_001) });

    expect(slack.messages[0]?.text.length).toBe(40_000);
  });

  it.each<[string, Readonly<Record<string, string>>, unknown, Readonly<Record<string, unknown>>]>([
    ['no token', { authorization: '' }, MESSAGE, { error: 'not_authed' }],
    [
      'a token among the fields of JSON',
      { authorization: '' },
      { ...MESSAGE, token: 'xoxb-writes' },
      { error: 'not_authed' },
    ],
    ['a token that it does not know', { authorization: 'Bearer wrong' }, MESSAGE, { error: 'invalid_auth' }],
    [
      'a token that may not write',
      { authorization: 'Bearer xoxb-reads' },
      MESSAGE,
      { error: 'missing_scope', needed: 'chat:write', provided: 'channels:read' },
    ],
    ['a channel that there is not', {}, { ...MESSAGE, channel: 'C9' }, { error: 'channel_not_found' }],
    ['a private channel that it is not in', {}, { ...MESSAGE, channel: 'C4' }, { error: 'channel_not_found' }],
    ['a channel that is put away', {}, { ...MESSAGE, channel: 'C2' }, { error: 'is_archived' }],
    ['a channel that it is not in', {}, { ...MESSAGE, channel: 'C3' }, { error: 'not_in_channel' }],
    ['no text', {}, { channel: 'C1' }, { error: 'no_text' }],
    ['a thread that is none', {}, { ...MESSAGE, thread_ts: '17' }, { error: 'invalid_thread_ts' }],
    ['what is no JSON', {}, '{', { error: 'invalid_json' }],
    ['what is no object', {}, '[]', { error: 'json_not_object' }],
    ['another type', { 'content-type': 'text/csv' }, 'x', { error: 'invalid_post_type' }],
    [
      'a character set that it does not know',
      { 'content-type': 'application/json; charset=utf-7' },
      MESSAGE,
      { error: 'invalid_charset' },
    ],
  ])('answers %s with 200 and says that it is not well', async (_what, headers, body, expected) => {
    const refused = await post(body, { ...HEADERS, ...headers });

    expect(refused).toMatchObject({ status: 200, body: { ok: false, ...expected } });
    expect(slack.messages).toEqual([]);
  });

  it('knows no other methods', async () => {
    expect((await post(MESSAGE, HEADERS, 'chat.postMassage')).body).toEqual({ ok: false, error: 'unknown_method' });
  });

  it('warns of a character set that is missing, or is not called for', async () => {
    const missing = await post(MESSAGE, { ...HEADERS, 'content-type': 'application/json' });
    const superfluous = await post('channel=C1&text=x', {
      ...HEADERS,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    });

    expect(missing.body).toMatchObject({ ok: true, warning: 'missing_charset' });
    expect(superfluous.body).toMatchObject({ ok: true, response_metadata: { warnings: ['superfluous_charset'] } });
  });

  it('says when to come again', async () => {
    slack.failNext(slackLimit(30));
    const refused = await post(MESSAGE);

    expect(refused).toMatchObject({ status: 429, body: { ok: false, error: 'ratelimited' } });
    expect(refused.headers.get('retry-after')).toBe('30');
  });
});
