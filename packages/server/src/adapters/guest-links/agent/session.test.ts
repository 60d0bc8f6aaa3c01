import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../shared/manual-clock.ts';
import { FakeGuest, type FakeGuestOptions } from './fixtures/fake-guest.fixture.ts';
import { realLinkDeps } from './fixtures/link-deps.fixture.ts';
import { FRAME_TYPES, type Frame, frameChecksum } from './frame.ts';
import { decodePing, encodePing } from './messages/session.ts';
import { Session } from './session.ts';

interface Heard {
  readonly opened: number[];
  readonly frames: Frame[];
  readonly lost: string[];
}

function begin(options: FakeGuestOptions = {}): {
  readonly guest: FakeGuest;
  readonly session: Session;
  readonly heard: Heard;
  readonly clock: ManualClock;
} {
  const guest = new FakeGuest(options);
  const clock = createManualClock();
  const heard: Heard = { opened: [], frames: [], lost: [] };
  const session = new Session({ ...realLinkDeps(), clock }, guest.hostEnd, randomBytes(16), {
    opened: ({ version }) => heard.opened.push(version),
    frame: (frame) => heard.frames.push(frame),
    pong: () => undefined,
    drained: () => undefined,
    lost: (reason) => heard.lost.push(reason),
  });
  session.start();
  onTestFinished(async () => {
    session.end();
    await session.ended;
  });
  return { guest, session, heard, clock };
}

test('opens with the first answer', async () => {
  const { heard, session, guest, clock } = begin();

  await clock.advance(0);

  expect(heard).toMatchObject({ opened: [1], lost: [] });
  expect(session.isOpen).toBe(true);
  expect(guest.nonces.length).toBe(1);
});

test('repeats SYNC each 20 ms for a second, then each 250 ms, with a new nonce each time', async () => {
  const { guest, clock } = begin({ answers: false });

  await clock.advance(990);
  expect(guest.nonces.length).toBe(50);
  await clock.advance(10_010);

  expect(guest.nonces.length).toBe(50 + 1 + 40);
  expect(new Set(guest.nonces.map((nonce) => nonce.toString('hex'))).size).toBe(guest.nonces.length);
});

test('takes only the answer to its last SYNC, and is patient with a guest that answers late', async () => {
  const { guest, heard, clock } = begin({ answers: false });

  // Each answer comes 100 ms after its question: at first, that is later than the next question.
  const cameAtMs: number[] = [];
  let answered = 0;
  for (let ms = 0; ms < 900 && guest.hellos === 0; ms += 10) {
    await clock.advance(10);
    while (cameAtMs.length < guest.nonces.length) cameAtMs.push(ms);
    while (ms - (cameAtMs[answered] ?? ms) >= 100) guest.echo(guest.nonces[answered++] ?? Buffer.alloc(16));
    await turn();
  }

  expect(guest.hellos).toBe(1);
  expect(heard.opened).toEqual([]);
  guest.hello();
  await turn();
  expect(heard.opened).toEqual([1]);
});

test('drops all that comes before its answer, also a torn answer', async () => {
  const { guest, heard, clock } = begin({ answers: false });
  await clock.advance(0);
  const nonce = guest.nonces[0] ?? Buffer.alloc(16);

  guest.sendRaw(Buffer.concat([randomBytes(100), Buffer.from('VLRYECHO'), randomBytes(3)]));
  guest.echo(randomBytes(16));
  guest.echo(nonce);
  await turn();
  guest.hello();
  await turn();

  expect(heard.opened).toEqual([1]);
});

test('begins again when HELLO is not answered', async () => {
  const { guest, heard, clock } = begin({ answers: false });
  await clock.advance(0);
  guest.echo(guest.nonces[0] ?? Buffer.alloc(16));
  await clock.advance(500);
  expect([guest.hellos, guest.nonces.length]).toEqual([1, 1]);

  await clock.advance(1_000);
  guest.echo(guest.nonces.at(-1) ?? Buffer.alloc(16));
  await clock.advance(0);
  guest.hello();
  await turn();

  expect(guest.hellos).toBe(2);
  expect(heard.opened).toEqual([1]);
});

test.each([
  ['a frame before HELLO', (guest: FakeGuest) => guest.send(FRAME_TYPES.PONG, 0, encodePing(1n))],
  ['a version that was not offered', (guest: FakeGuest) => guest.hello(9)],
  ['garbage', (guest: FakeGuest) => guest.sendRaw(randomBytes(64))],
])('%s instead of HELLO begins another session', async (_, misbehave) => {
  const { guest, heard, clock } = begin({ answers: false });
  await clock.advance(0);
  guest.echo(guest.nonces[0] ?? Buffer.alloc(16));
  await turn();

  misbehave(guest);
  await clock.advance(0);

  expect(guest.nonces.length).toBe(2);
  expect(heard).toMatchObject({ opened: [], lost: [] });
});

test('tells that a session was lost, and opens the next on the same pipe', async () => {
  const { guest, session, heard, clock } = begin();
  await clock.advance(0);

  guest.sendRaw(randomBytes(40));
  await clock.advance(0);

  expect(heard.lost.length).toBe(1);
  expect(heard.opened).toEqual([1, 1]);
  expect(session.isOpen).toBe(true);
});

test('what is left in a chunk after a violation is heard by nobody', async () => {
  const { guest, heard, clock } = begin();
  await clock.advance(0);
  const { tag } = guest;

  guest.sendRaw(Buffer.concat([frameOf(tag ^ 1), frameOf(tag)]));
  await clock.advance(0);

  expect(heard.frames).toEqual([]);
  expect(heard.opened).toEqual([1, 1]);
});

test('tries a guest that keeps breaking the protocol ever more slowly', async () => {
  const { guest, heard, clock } = begin();

  for (let i = 0; i < 2_000; i++) {
    await clock.advance(10);
    if (heard.opened.length > heard.lost.length) guest.sendRaw(randomBytes(40));
  }

  // In 20 s: the first few at once, later one each second.
  expect(heard.lost.length).toBeGreaterThan(15);
  expect(heard.lost.length).toBeLessThan(35);
});

test('answers PING, ignores hints of later versions, and refuses what it does not know', async () => {
  const { guest, heard, clock } = begin();
  await clock.advance(0);

  guest.send(FRAME_TYPES.PING, 0, encodePing(77n));
  const pong = await guest.next(FRAME_TYPES.PONG);
  guest.sendRaw(frameOf(guest.tag, 64, 0));
  guest.sendRaw(frameOf(guest.tag, 200, 5));
  await clock.advance(0);

  expect(decodePing(pong.payload)).toBe(77n);
  expect(heard).toMatchObject({ lost: [], frames: [] });
  guest.send(FRAME_TYPES.EXIT, 0);
  await clock.advance(0);
  expect(heard.lost.length).toBe(1);
});

test('a guest that asks without reading does not make answers pile up', async () => {
  const { guest, session, clock } = begin();
  await clock.advance(0);
  guest.pause();

  const ping = Buffer.concat(
    Array.from({ length: 1_000 }, () => frameOf(guest.tag, FRAME_TYPES.PING, 0, encodePing(1n))),
  );
  for (let i = 0; i < 200; i++) {
    guest.sendRaw(ping);
    await turn();
  }

  expect(guest.hostEnd.writableLength).toBeLessThan(300_000);
  guest.resume();
  await turn();
  expect(session.isOpen).toBe(true);
});

test('ends with its pipe', async () => {
  const { guest, session, heard, clock } = begin();
  await clock.advance(0);

  guest.end();
  guest.hostEnd.destroy();

  expect(await session.ended).toBe('the pipe was closed');
  expect(heard.lost).toEqual(['the pipe was closed']);
  expect(clock.sleeperCount).toBe(0);
});

function frameOf(tag: number, type = 17, stream = 1, payload: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(16 + payload.length);
  bytes.writeUInt32LE(payload.length, 0);
  bytes.writeUInt8(type, 4);
  bytes.writeUInt16LE(tag, 6);
  bytes.writeUInt32LE(stream, 8);
  payload.copy(bytes, 16);
  bytes.writeUInt32LE(frameChecksum(bytes, 0, payload), 12);
  return bytes;
}
