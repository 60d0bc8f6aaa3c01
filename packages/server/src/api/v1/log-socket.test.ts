import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { LogMessage } from '@volary/contract';
import { expect, it } from 'vitest';
import { line } from '../../ports/log-store.contract.ts';
import { shakeHands } from '../testing/event-socket.ts';
import { runApi } from '../testing/run-api.ts';

/** What a client sends, masked with nothing: a sign of life, and the text `x`. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const UNASKED = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]);
/** More than the kernel keeps for a reader that does not read. */
const LONG_LINES = Array.from({ length: 800 }, () => line('x'.repeat(16_000)));

async function followFrom(url: string): Promise<Socket> {
  const { connection } = await shakeHands(url, {}, '?cursor=1', '/v1/logs');
  if (connection === null) throw new Error('refused');
  connection.on('error', () => undefined);
  return connection;
}

/** The messages in these bytes, and what follows the last whole frame. */
function messagesIn(bytes: Buffer): { readonly messages: readonly LogMessage[]; readonly rest: Buffer } {
  const messages: LogMessage[] = [];
  let at = 0;
  while (at + 10 <= bytes.length) {
    const short = bytes.readUInt8(at + 1) & 0x7f;
    const length =
      short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
    const begin = at + (short === 126 ? 4 : short === 127 ? 10 : 2);
    if (begin + length > bytes.length) break;
    const text = bytes.subarray(begin, begin + length).toString();
    if ((bytes.readUInt8(at) & 0x0f) === 1) messages.push(JSON.parse(text));
    at = begin + length;
  }
  return { messages, rest: bytes.subarray(at) };
}

it('never tells a reader who takes their time to be before a line that was sent', async () => {
  await using api = await runApi({ limits: { heartbeatMs: 100 } });
  const last = await api.logs.append(LONG_LINES);
  const slow = await followFrom(api.url);

  let sent = 0;
  let rest: Buffer = Buffer.alloc(0);
  const told: (readonly [number, number])[] = [];
  for await (const chunk of slow) {
    const read = messagesIn(Buffer.concat([rest, chunk]));
    rest = read.rest;
    for (const message of read.messages) {
      if (message.type === 'line') sent = message.line.sequence;
      if (message.type === 'progress') told.push([message.sequence, sent]);
    }
    if (sent >= last) break;
    slow.write(PONG);
    await pause(2);
  }

  expect(told.filter(([, before]) => before > 0).length).toBeGreaterThan(1);
  for (const [sequence, before] of told) expect(sequence).toBeGreaterThanOrEqual(before);
});

it('lets go of a reader who says what is not asked for and reads nothing', async () => {
  await using api = await runApi({ limits: { logReaders: 1, goodbyeMs: 50, socketBufferBytes: 65_536 } });
  await api.logs.append(LONG_LINES);
  const deaf = await followFrom(api.url);
  deaf.pause();

  await expect
    .poll(
      async () => {
        if (deaf.writable) deaf.write(UNASKED);
        const { status, connection } = await shakeHands(api.url, {}, '', '/v1/logs');
        connection?.destroy();
        return status;
      },
      { interval: 100, timeout: 10_000 },
    )
    .toBe(101);
  deaf.destroy();
});
