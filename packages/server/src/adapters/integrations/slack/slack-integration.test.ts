import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Incoming, IncomingDelivery } from '../../../domain/integrations.ts';
import { incomingEventsContract } from '../../../ports/integration.contract.ts';
import type { IncomingEvents } from '../../../ports/integration.ts';
import { createSlackIntegration } from './slack-integration.ts';

/** The secret, the time, the body and the signature that Slack publishes: https://docs.slack.dev/authentication/verifying-requests-from-slack. */
const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const NOW_MS = 1_531_420_618_000;
const PUBLISHED =
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
const SIGNATURE = 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const COMMAND = {
  ...{ type: 'slash_command', command: '/aetherium-status', user_id: 'U123456', channel_id: 'C123456' },
};

function make(): IncomingEvents {
  const config = { botToken: null, signingSecret: SECRET, apiUrl: 'https://slack.com/api' };
  const { incoming } = createSlackIntegration({ clock: { now: () => NOW_MS, monotonicMs: () => 0 } }, config);
  if (incoming === null) throw new Error('it takes nothing');
  return incoming;
}

function signed(
  body: Uint8Array,
  { secret = SECRET, atMs = NOW_MS, headers = {} }: { secret?: string; atMs?: number; headers?: object } = {},
): IncomingDelivery {
  const timestamp = String(Math.floor(atMs / 1_000));
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
  return { headers: { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature, ...headers }, body };
}

function takeJson(body: object): Incoming {
  return make().handleEvent(signed(Buffer.from(JSON.stringify(body))));
}

function takeForm(fields: Readonly<Record<string, string>>, headers: object = FORM): Incoming {
  return make().handleEvent(signed(Buffer.from(new URLSearchParams(fields).toString()), { headers }));
}

incomingEventsContract('Slack', () => ({
  incoming: make(),
  sign: (body, { atMs = NOW_MS, isForged = false } = {}) => signed(body, { secret: isForged ? 'other' : SECRET, atMs }),
  nowMs: NOW_MS,
  hasWindow: true,
  bodies: [
    COMMAND,
    { type: 'url_verification', challenge: 'xyz' },
    { type: 'event_callback', event_id: 'Ev1', event: { type: 'app_mention', text: 'hi', user: 'U1', channel: 'C1' } },
    { type: 'app_rate_limited', team_id: 'T1' },
  ],
}));

it('is believed by the values that Slack publishes', () => {
  const headers = { ...FORM, 'x-slack-request-timestamp': '1531420618', 'x-slack-signature': SIGNATURE };
  expect(make().handleEvent({ headers, body: Buffer.from(PUBLISHED) })).toMatchObject({
    kind: 'command',
    event: { deliveryId: '398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c' },
    command: { name: 'webhook-collect', text: '', userId: 'U2CERLKJA', channelId: 'G8PSS9T3V' },
  });
});

describe('a command', () => {
  it('is the same as a form and as the document has it', () => {
    const asked = { name: 'aetherium-status', text: '', options: [], userId: 'U123456', channelId: 'C123456' };
    expect(takeJson(COMMAND)).toMatchObject({
      kind: 'command',
      command: asked,
      event: {
        ...{ integration: 'slack', kind: 'slash_command', action: '/aetherium-status' },
        summary: { command: '/aetherium-status', user_id: 'U123456', channel_id: 'C123456', text: '' },
      },
    });
    const { type: _type, ...fields } = COMMAND;
    expect(takeForm({ ...fields, text: 'a <b>', trigger_id: '1.2.x' })).toMatchObject({
      kind: 'command',
      command: { ...asked, text: 'a <b>' },
      event: { deliveryId: '1.2.x' },
    });
    expect(takeForm(fields, {})).toEqual(takeForm(fields));
  });

  it('without a name or somebody who asks is malformed', () => {
    for (const missing of ['command', 'user_id'])
      expect(() => takeJson({ ...COMMAND, [missing]: undefined })).toThrow(`${missing} is missing`);
    expect(() => takeForm({ command: '/a b', user_id: 'U1' })).toThrow('command');
    expect(() => make().handleEvent(signed(Buffer.from('no form')))).toThrow('not valid JSON');
  });

  it('is answered to whoever asks alone, and nothing in the answer calls anybody', () => {
    expect(make().answer(takeJson(COMMAND), { text: '<!channel> & <@U1>' })).toEqual({
      ...{ response_type: 'ephemeral', mrkdwn: false },
      text: '&lt;!channel&gt; &amp; &lt;@U1&gt;',
    });
    expect(make().answer(takeJson(COMMAND), null)).toEqual({});
  });
});

describe('an event', () => {
  it('says what was said, by whom and where; it keeps its id when Slack sends it again', () => {
    const event = { type: 'app_mention', text: 'help', user: 'U1', channel: 'C1', ts: '1.2', thread_ts: '1.1' };
    const body = { type: 'event_callback', team_id: 'T1', event_id: 'Ev08', event };
    expect(takeJson(body)).toMatchObject({
      kind: 'event',
      event: {
        ...{ deliveryId: 'Ev08', kind: 'app_mention', action: null },
        summary: { text: 'help', user_id: 'U1', channel_id: 'C1', ts: '1.2', thread_ts: '1.1', team_id: 'T1' },
      },
    });
    const later = signed(Buffer.from(JSON.stringify(body)), { atMs: NOW_MS + 60_000 });
    expect(make().handleEvent(later)).toMatchObject({ event: { deliveryId: 'Ev08' } });
  });

  it('is no command, whatever somebody says in it, when it is sent again as a form', () => {
    const text = '&command=/aetherium-vm-create&user_id=U1&text=mined&ssl_check=1';
    const body = Buffer.from(
      JSON.stringify({ type: 'event_callback', event_id: 'Ev9', event: { type: 'app_mention', text, user: 'U666' } }),
    );
    const replayed = make().handleEvent(signed(body, { headers: FORM }));
    expect(replayed).toEqual(make().handleEvent(signed(body)));
    expect(replayed).toMatchObject({ kind: 'event', event: { deliveryId: 'Ev9', summary: { user_id: 'U666' } } });
  });

  it('is what is clicked, too', () => {
    const payload = { type: 'block_actions', user: { id: 'U1' }, channel: { id: 'C1' }, team: { id: 'T1' } };
    expect(takeForm({ payload: JSON.stringify(payload) })).toMatchObject({
      event: { kind: 'block_actions', summary: { user_id: 'U1', channel_id: 'C1', team_id: 'T1' } },
    });
  });
});

it('gives the challenge back by which Slack looks whether somebody is here', () => {
  const asked = takeJson({
    type: 'url_verification',
    challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P',
  });
  expect(make().answer(asked, null)).toEqual({ challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P' });
  expect(make().answer(takeForm({ ssl_check: '1' }), null)).toEqual({});
});
