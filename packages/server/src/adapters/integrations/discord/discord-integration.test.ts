import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Incoming, IncomingDelivery } from '../../../domain/integrations.ts';
import { incomingEventsContract } from '../../../ports/integration.contract.ts';
import type { IncomingEvents } from '../../../ports/integration.ts';
import { createDiscordIntegration } from './discord-integration.ts';

const NOW_MS = 1_700_000_000_000;
const OURS = generateKeyPairSync('ed25519');
const OTHERS = generateKeyPairSync('ed25519');
const WHO = { member: { user: { id: '80351110224678912' } }, channel_id: '645027906669510667', guild_id: '1' };
const COMMAND = {
  ...{ id: '786008729715212338', application_id: '1234567890123456789', type: 2, ...WHO },
  data: { name: 'aetherium-status' },
};

/** As Discord shows it to the owner of an application. */
function hexOf(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
}

function make(applicationId: string | null = null): IncomingEvents {
  const config = {
    botToken: null,
    publicKey: hexOf(OURS.publicKey),
    applicationId,
    apiUrl: 'https://discord.com/api',
    version: '1',
  };
  const { incoming } = createDiscordIntegration({ clock: { now: () => NOW_MS, monotonicMs: () => 0 } }, config);
  if (incoming === null) throw new Error('it takes nothing');
  return incoming;
}

function signed(body: Uint8Array, { privateKey = OURS.privateKey, atMs = NOW_MS } = {}): IncomingDelivery {
  const timestamp = String(Math.floor(atMs / 1_000));
  const signature = sign(null, Buffer.concat([Buffer.from(timestamp), body]), privateKey).toString('hex');
  return { headers: { 'x-signature-timestamp': timestamp, 'x-signature-ed25519': signature }, body };
}

function take(body: object, incoming = make()): Incoming {
  return incoming.handleEvent(signed(Buffer.from(JSON.stringify(body))));
}

incomingEventsContract('Discord', () => ({
  incoming: make(),
  sign: (body, { atMs = NOW_MS, isForged = false } = {}) =>
    signed(body, { privateKey: isForged ? OTHERS.privateKey : OURS.privateKey, atMs }),
  nowMs: NOW_MS,
  hasWindow: true,
  bodies: [COMMAND, { id: '2', type: 3, data: { custom_id: 'b' }, ...WHO }, { id: '3', type: 4 }, { type: 1 }],
}));

it('is a PING, which is answered with a PONG', () => {
  expect(make().answer(take({ id: '1', type: 1, application_id: '1234567890123456789' }), null)).toEqual({ type: 1 });
});

it('is a command, with what was filled in as it is, and in the event as it would be written in a line', () => {
  const options = [
    { name: 'name', type: 3, value: 'my web' },
    { name: 'vcpus', type: 4, value: 2 },
    { name: 'text', type: 3, value: 'memory_mb=512' },
    { name: 'fast', type: 5, value: true },
    { name: 'deep', type: 1, options: [] },
  ];
  expect(take({ ...COMMAND, data: { name: 'aetherium-vm-create', options } })).toMatchObject({
    kind: 'command',
    command: {
      ...{ name: 'aetherium-vm-create', text: 'memory_mb=512' },
      options: [
        { name: 'name', value: 'my web' },
        { name: 'vcpus', value: '2' },
        { name: 'fast', value: 'true' },
      ],
      ...{ userId: '80351110224678912', channelId: '645027906669510667' },
    },
    event: {
      ...{ integration: 'discord', deliveryId: '786008729715212338', kind: 'application_command' },
      ...{
        action: 'aetherium-vm-create',
        summary: { command: 'aetherium-vm-create', guild_id: '1', text: 'name=my web vcpus=2 memory_mb=512 fast=true' },
      },
    },
  });
  const { member: _member, ...alone } = COMMAND;
  expect(take({ ...alone, user: { id: '7' } })).toMatchObject({ command: { userId: '7' } });
});

it('is answered to whoever asks alone, word for word, and calls nobody', () => {
  expect(make().answer(take(COMMAND), { text: '@everyone ```' })).toEqual({
    type: 4,
    data: { content: "```\n@everyone '''\n```", flags: 64, allowed_mentions: { parse: [] } },
  });
  const answer = JSON.parse(JSON.stringify(make().answer(take(COMMAND), { text: '🐦'.repeat(3_000) })));
  expect(answer.data.content.length).toBeLessThanOrEqual(2_000);
  expect(answer.data.content.isWellFormed()).toBe(true);
});

it('is answered with whole lines where there are too many, and with how many more there are', () => {
  const lines = Array.from({ length: 99 }, (_, i) => `${i}: ${'x'.repeat(50)}`);
  const answer = JSON.parse(JSON.stringify(make().answer(take(COMMAND), { text: lines.join('\n') })));
  const shown: readonly string[] = answer.data.content.split('\n').slice(1, -1);

  expect(answer.data.content.length).toBeLessThanOrEqual(2_000);
  expect(shown.length).toBeGreaterThan(30);
  expect(shown.slice(0, -1)).toEqual(lines.slice(0, shown.length - 1));
  expect(shown.at(-1)).toBe(`… and ${99 - (shown.length - 1)} more lines.`);
});

it('is answered by its kind where nothing comes of it', () => {
  const answered = (type: number) => make().answer(take({ ...COMMAND, type }), null);
  expect(answered(3)).toEqual({ type: 6 });
  expect(answered(4)).toEqual({ type: 8, data: { choices: [] } });
  expect(answered(5)).toMatchObject({ type: 4, data: { flags: 64 } });
});

it('is refused where it is meant for another application, or says neither what nor who', () => {
  expect(() => take(COMMAND, make('1234567890123456789'))).not.toThrow();
  expect(() => take(COMMAND, make('9999999999999999999'))).toThrow('signature');
  expect(() => take({ ...COMMAND, type: 99 })).toThrow('type');
  expect(() => take({ ...COMMAND, id: 7 })).toThrow('id');
  expect(() => take({ ...COMMAND, data: {} })).toThrow('data.name');
  expect(() => take({ ...COMMAND, member: {} })).toThrow('member.user.id');
});
