import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { type Discord, discordLimit, startDiscord } from './discord.ts';

const HEADERS = {
  authorization: 'Bot token',
  'content-type': 'application/json',
  'user-agent': 'DiscordBot (https://volary.example, 1.0.0)',
};
let discord: Discord;

beforeEach(async () => {
  discord = await startDiscord({ tokens: ['token'], channels: { '10': 'open', '11': 'no_access', '12': 'read_only' } });
});
afterEach(async () => await discord[Symbol.asyncDispose]());

const post = (body: unknown, channel = '10', headers: Readonly<Record<string, string>> = {}) =>
  ask(`${discord.apiUrl}/channels/${channel}/messages`, { headers: { ...HEADERS, ...headers }, body });

describe('the Discord of the tests', () => {
  it('takes messages, and tells who asks', async () => {
    const me = await ask(`${discord.apiUrl}/users/@me`, { method: 'GET', headers: HEADERS });
    const made = await post({ content: 'Hello' });

    expect(me).toMatchObject({ status: 200, body: { bot: true } });
    expect(made).toMatchObject({ status: 200, body: { id: '1000', channel_id: '10', mention_everyone: false } });
  });

  it('mentions whom a message names, unless that is not allowed', async () => {
    const content = '@everyone <@5> <@&6>';
    await post({ content });
    await post({ content, allowed_mentions: { parse: ['users'] } });
    await post({ content, allowed_mentions: { parse: [] } });

    expect(discord.messages.map(({ mentionsEveryone, mentions }) => ({ mentionsEveryone, mentions }))).toEqual([
      { mentionsEveryone: true, mentions: ['<@5>', '<@&6>'] },
      { mentionsEveryone: false, mentions: ['<@5>'] },
      { mentionsEveryone: false, mentions: [] },
    ]);
  });

  it('makes one message of two with the same nonce, where it is asked to', async () => {
    const first = await post({ content: 'Hello', nonce: 'n', enforce_nonce: true });
    const second = await post({ content: 'Hello', nonce: 'n', enforce_nonce: true });
    await post({ content: 'Hello', nonce: 'n' });

    expect(second.body).toEqual(first.body);
    expect(discord.messages.length).toBe(2);
  });

  it.each<[string, Readonly<Record<string, string>>, number]>([
    ['no token', { authorization: '' }, 401],
    ['a token that is not called a bot’s', { authorization: 'Bearer token' }, 401],
    ['a token that it does not know', { authorization: 'Bot wrong' }, 401],
    ['whoever does not say which program asks', { 'user-agent': 'node' }, 403],
  ])('refuses %s', async (_what, headers, status) => {
    expect((await post({ content: 'Hello' }, '10', headers)).status).toBe(status);
    expect(discord.messages).toEqual([]);
  });

  it.each<[string, string, unknown, number, number]>([
    ['a channel that there is not', '99', { content: 'x' }, 404, 10_003],
    ['a channel that it does not see', '11', { content: 'x' }, 403, 50_001],
    ['a channel that it may not write in', '12', { content: 'x' }, 403, 50_013],
    ['a channel that is no id', 'general', { content: 'x' }, 400, 50_035],
    ['an empty message', '10', { content: ' ' }, 400, 50_006],
    ['a message that is too long', '10', { content: 'x'.repeat(2_001) }, 400, 50_035],
    ['a nonce that is too long', '10', { content: 'x', nonce: 'n'.repeat(26) }, 400, 50_035],
    ['what is no JSON', '10', '{', 400, 50_109],
  ])('refuses %s', async (_what, channel, body, status, code) => {
    expect(await post(body, channel)).toMatchObject({ status, body: { code } });
    expect(discord.messages).toEqual([]);
  });

  it('refuses another type, another version, another place', async () => {
    const typed = await post('content=x', '10', { 'content-type': 'application/x-www-form-urlencoded' });
    const old = await ask(`${discord.url}/api/v3/users/@me`, { method: 'GET', headers: HEADERS });
    const nowhere = await ask(`${discord.apiUrl}/nowhere`, { method: 'GET', headers: HEADERS });
    const read = await ask(`${discord.apiUrl}/channels/10/messages`, { method: 'GET', headers: HEADERS });

    expect([typed.status, old.status, nowhere.status, read.status]).toEqual([400, 400, 404, 405]);
  });

  it('says when to come again, in fractions of a second', async () => {
    discord.failNext(discordLimit(1.5));
    const refused = await post({ content: 'x' });

    expect(refused).toMatchObject({ status: 429, body: { retry_after: 1.5, global: false } });
    expect(refused.headers.get('retry-after')).toBe('2');
  });
});
