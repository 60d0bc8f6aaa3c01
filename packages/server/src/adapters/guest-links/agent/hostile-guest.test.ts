import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { inPieces } from '../../../ports/guest-link-contract/subject.contract.ts';
import type { FakeGuest } from './fixtures/fake-guest.fixture.ts';
import { type FakedLink, openFakedLink, startCommand } from './fixtures/faked-link.fixture.ts';
import { FRAME_TYPES, frameChecksum } from './frame.ts';
import { KINDS } from './messages/kinds.ts';
import { WireWriter } from './wire-writer.ts';

const options = { signal: new AbortController().signal };

const MIB = 1024 * 1024;

/** Payloads that get further than random bytes do. */
const PLAUSIBLE = [
  Buffer.alloc(0),
  new WireWriter().u32(1).flag(false).u64(0).bigU64(0n).finish(),
  new WireWriter().u8(1).u64(0).finish(),
  new WireWriter().u8(2).u64(0).finish(),
  new WireWriter().u8(1).u64(0).raw(Buffer.from('some bytes')).finish(),
  new WireWriter().u8(0).u64(0).u64(1_000).finish(),
  new WireWriter().u64(10).u32(0).bigU64(0n).finish(),
  new WireWriter().u32(0).u32(0).u8(0).u64(0).u64(0).bigU64(0n).finish(),
  new WireWriter().u16(2).text('no').finish(),
  new WireWriter().bigU64(1n).finish(),
];

/** The guest has broken the protocol: a new session has been begun, over which requests are answered again. */
async function expectNewSession({ guest, link, clock }: FakedLink, before = 1): Promise<void> {
  await clock.advance(2_000);
  expect(guest.nonces.length).toBeGreaterThan(before);
  const stat = link.stat('/x', { ...options, followLinks: true });
  await turn();
  const { stream } = await guest.next(FRAME_TYPES.OPEN, KINDS.STAT);
  guest.send(FRAME_TYPES.ERROR, stream, new WireWriter().u16(2).text('none').finish());
  await expect(stat).rejects.toMatchObject({ reason: 'guest.no_such_file' });
}

describe('a guest that breaks the protocol loses its session, not the link', () => {
  test.each<[string, (guest: FakeGuest, stream: number) => void]>([
    ['garbage', (guest) => guest.sendRaw(randomBytes(1000))],
    ['zeroes', (guest) => guest.sendRaw(Buffer.alloc(1000))],
    ['a frame with a huge length', (guest) => guest.sendRaw(Buffer.alloc(16, 0xff))],
    ['an unknown type', (guest, stream) => guest.sendRaw(rawFrame(guest.tag, 33, stream))],
    ['a frame of a stream that was never opened', (guest) => guest.send(FRAME_TYPES.EOF, 4_000_000)],
    ["OPEN, which is the host's to send", (guest, stream) => guest.send(FRAME_TYPES.OPEN, stream)],
    ['a RESULT that is too short', (guest, stream) => guest.send(FRAME_TYPES.RESULT, stream, Buffer.alloc(3))],
    ['a RESULT that is too long', (guest, stream) => guest.send(FRAME_TYPES.RESULT, stream, Buffer.alloc(300))],
    ['two RESULTs', (guest, stream) => [guest.started(stream), guest.started(stream)]],
    ['output before RESULT', (guest, stream) => guest.data(stream, 1, 0, Buffer.from('x'))],
    ['EXIT before RESULT', (guest, stream) => guest.exit(stream, 0, 0)],
    ['EXIT before EOF', (guest, stream) => [guest.started(stream), guest.exit(stream, 0, 0)]],
    [
      'EXIT that denies its output',
      (guest, stream) => {
        guest.started(stream);
        guest.data(stream, 1, 0, Buffer.from('x'));
        guest.eof(stream, 1, 1);
        guest.eof(stream, 2, 0);
        guest.exit(stream, 0, 0);
      },
    ],
    [
      'output past its limit',
      (guest, stream) => {
        guest.started(stream);
        for (let at = 0; at <= 2 * MIB; at += 32_768) guest.data(stream, 1, at, Buffer.alloc(32_768));
      },
    ],
    [
      'output that leaves a gap',
      (guest, stream) => [guest.started(stream), guest.data(stream, 1, 5, Buffer.from('x'))],
    ],
    [
      'output that comes twice',
      (guest, stream) => {
        guest.started(stream);
        guest.data(stream, 1, 0, Buffer.from('xy'));
        guest.data(stream, 1, 0, Buffer.from('xy'));
      },
    ],
    [
      'output after its EOF',
      (guest, stream) => {
        guest.started(stream);
        guest.eof(stream, 1, 0);
        guest.data(stream, 1, 0, Buffer.from('x'));
      },
    ],
    [
      'EOF that takes back output',
      (guest, stream) => {
        guest.started(stream);
        guest.data(stream, 1, 0, Buffer.from('xy'));
        guest.eof(stream, 1, 1);
      },
    ],
    [
      'output on a channel that is not there',
      (guest, stream) => [guest.started(stream), guest.data(stream, 7, 0, Buffer.from('x'))],
    ],
    ['DATA without bytes', (guest, stream) => [guest.started(stream), guest.data(stream, 1, 0, Buffer.alloc(0))]],
    [
      'DATA with too many bytes',
      (guest, stream) => [guest.started(stream), guest.data(stream, 1, 0, Buffer.alloc(32_769))],
    ],
    [
      'an offset past all numbers',
      (guest, stream) => {
        guest.started(stream);
        guest.send(
          FRAME_TYPES.EOF,
          stream,
          new WireWriter()
            .u8(1)
            .bigU64(2n ** 63n)
            .finish(),
        );
      },
    ],
    ['a WINDOW that grants too much', (guest, stream) => [guest.started(stream), guest.window(stream, 0, 0, MIB + 1)]],
    [
      'a WINDOW that acknowledges what was not sent',
      (guest, stream) => [guest.started(stream), guest.window(stream, 0, 1, MIB)],
    ],
    ['a WINDOW for a channel of its own', (guest, stream) => [guest.started(stream), guest.window(stream, 1, 0, MIB)]],
    [
      'a frame that is not for commands',
      (guest, stream) => [guest.started(stream), guest.send(FRAME_TYPES.EVENT, stream)],
    ],
  ])('%s', async (_, misbehave) => {
    const setting = await openFakedLink();
    const { stream, starting } = await startCommand(setting);

    misbehave(setting.guest, stream);
    await expectNewSession(setting);

    // The command is asked for again, or attached to, in the new session: whoever waits for it still does.
    await setting.link[Symbol.asyncDispose]();
    const process = await starting.catch((error: unknown) => error);
    if (process instanceof Error) expect(process).toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
    else expect(process).toMatchObject({ pid: 42 });
  });

  test.each<[string, (link: GuestLink) => Promise<unknown>, Buffer]>([
    [
      'a list with more entries than bytes',
      (link) => link.list('/', { ...options, limit: 10 }),
      new WireWriter().u8(0).u32(0xffff_ffff).finish(),
    ],
    [
      'a name longer than its frame',
      (link) => link.stat('/', { ...options, followLinks: true }),
      Buffer.alloc(41, 0xff),
    ],
    ['a file of no known type', (link) => link.stat('/', { ...options, followLinks: true }), entry('?')],
    ['a RESULT of the wrong kind', (link) => link.stats(options), Buffer.alloc(8)],
  ])('%s, each time it is asked: the asker is told at last', async (_, ask, answer) => {
    const { guest, link, clock } = await openFakedLink();
    const asked = ask(link);
    let isOver = false;
    asked
      .catch(() => undefined)
      .finally(() => {
        isOver = true;
      });

    for (let i = 0; i < 100 && !isOver; i++) {
      await clock.advance(200);
      if (isOver) break;
      const { stream } = await guest.next(FRAME_TYPES.OPEN);
      guest.send(FRAME_TYPES.RESULT, stream, answer);
      await clock.advance(2_000);
    }

    await expect(asked).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
  });
});

test('whatever frames come, the link lives and is of use', async () => {
  const anyFrame = fc.record({
    type: fc.constantFrom(...Object.values(FRAME_TYPES)),
    stream: fc.nat(6),
    payload: fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...PLAUSIBLE)),
  });

  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame, { minLength: 1, maxLength: 12 }), async (frames) => {
      const setting = await openFakedLink();
      const { guest, link } = setting;
      const calls = [
        startCommand(setting, true).then(({ starting }) => starting),
        link.readFile('/x', options),
        link.stat('/x', { ...options, followLinks: true }),
        link.connect({ host: '', port: 1 }, options),
        link.writeFile('/x', inPieces('x'), options),
      ];
      for (const call of calls) call.catch(() => undefined);
      const changes = link.watch('/x', { ...options, isRecursive: true })[Symbol.asyncIterator]();
      changes.next().catch(() => undefined);
      await turn();

      for (const { type, stream, payload } of frames) guest.send(type, stream, payload);
      await turn();
      guest.sendRaw(Buffer.alloc(64));
      await setting.clock.advance(5_000);

      const ping = link.ping({ timeoutMs: 60_000 });
      await turn();
      expect(await ping).toBe(0);
      await link[Symbol.asyncDispose]();
    }),
    { numRuns: 200 },
  );
});

function entry(type: string): Buffer {
  return new WireWriter().text('x').raw(Buffer.from(type)).u32(0).u32(0).u32(0).u64(0).bigU64(0n).text('').finish();
}

/** A sound frame of a type that is none. */
function rawFrame(tag: number, type: number, stream: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt8(type, 4);
  bytes.writeUInt16LE(tag, 6);
  bytes.writeUInt32LE(stream, 8);
  bytes.writeUInt32LE(frameChecksum(bytes, 0), 12);
  return bytes;
}
