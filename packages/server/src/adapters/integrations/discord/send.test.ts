import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Discord, discordLimit } from '../../../../../../test/vendors/discord.ts';
import { discordSender, notificationOf, startStrictDiscord, TARGETS } from '../testing/vendors.ts';

const never = new AbortController().signal;
let discord: Discord;

beforeEach(async () => {
  discord = await startStrictDiscord();
});
afterEach(async () => await discord[Symbol.asyncDispose]());

describe('sending to Discord', () => {
  it('posts what somebody writes, and mentions nobody', async () => {
    const text = '**Hi** @everyone <@5>';
    const posted = await discordSender(discord).channels?.postMessage({ channel: '10', text }, { signal: never });

    expect(posted).toEqual({ id: '1000', channel: '10' });
    expect(discord.messages).toMatchObject([{ content: text, mentionsEveryone: false, mentions: [], nonce: null }]);
  });

  it('tells of events as what they are', async () => {
    const text = 'VM *web* @here <@5> [x](https://evil.example) `y`';
    const outcome = await discordSender(discord).sendNotification(notificationOf(TARGETS.discord, text), {
      signal: never,
    });

    expect(outcome).toMatchObject({ status: 200, error: null });
    expect(discord.messages).toMatchObject([
      {
        content: 'VM \\*web\\* \\@here \\<\\@5\\> \\[x\\]\\(https\\://evil.example\\) \\`y\\`',
        mentionsEveryone: false,
        mentions: [],
      },
    ]);
  });

  it('is one message, however often it is sent again within minutes', async () => {
    const id = 'hook_01kahx6z4qf8r9y6m3s2t1v0wq/7';
    const sender = discordSender(discord);
    discord.failNext('unread');
    const first = await sender.sendNotification(notificationOf(TARGETS.discord, 'x', id), { signal: never });
    const second = await sender.sendNotification(notificationOf(TARGETS.discord, 'x', id), { signal: never });

    expect([first.error, second.error]).toEqual(['connection_failed', null]);
    expect(discord.messages).toMatchObject([{ content: 'x' }]);
    await sender.sendNotification(notificationOf(TARGETS.discord, 'x', `${id}0`), { signal: never });
    expect(discord.messages.length).toBe(2);
  });

  it.each<[string, string, number, boolean, string]>([
    ['a channel that there is not', '99', 404, true, '404, Unknown Channel'],
    ['a channel that is none', '../users/@me', 400, true, '400, Invalid Form Body'],
    ['a channel that it may not write in', '12', 403, false, '403, Missing Permissions'],
  ])('says what Discord has against %s', async (_what, channel, status, isFinal, words) => {
    const sender = discordSender(discord);
    const outcome = await sender.sendNotification(notificationOf({ integration: 'discord', channel }), {
      signal: never,
    });

    expect(outcome).toMatchObject({ status, error: 'status', response: words, isFinal });
    await expect(sender.channels?.postMessage({ channel, text: 'x' }, { signal: never })).rejects.toMatchObject({
      ...{ reason: 'integration.refused', message: `Discord has refused it: ${words}.` },
    });
  });

  it('waits as long as it is asked to, by the fraction', async () => {
    discord.failNext(discordLimit(1.2345));

    expect(
      await discordSender(discord).sendNotification(notificationOf(TARGETS.discord), { signal: never }),
    ).toMatchObject({
      ...{ status: 429, retryAfterMs: 1_235, isFinal: false },
    });
  });

  it('knows as whom it is there', async () => {
    expect(await discordSender(discord).health({ signal: never })).toEqual({ why: null, detail: 'as volary' });
  });
});
