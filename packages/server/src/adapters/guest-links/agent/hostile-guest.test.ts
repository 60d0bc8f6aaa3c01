import { randomBytes, randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { VolaryError } from '../../../domain/errors.ts';
import { idFromUuid } from '../../../domain/ids.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { bytesOf, command, inPieces, readAll, textOf } from '../../../ports/guest-link-contract/subject.contract.ts';
import { createManualClock, type ManualClock } from '../../shared/manual-clock.ts';
import { createAgentLink } from './agent-link.ts';
import { FakeGuest, type FakeGuestOptions } from './fixtures/fake-guest.fixture.ts';
import { realLinkDeps } from './fixtures/link-deps.fixture.ts';
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

interface Setting {
  readonly guest: FakeGuest;
  readonly link: GuestLink;
  readonly clock: ManualClock;
}

/** A link to a guest that the test speaks for; time stands still unless it is stepped. */
async function open(guestOptions: FakeGuestOptions = {}): Promise<Setting> {
  const clock = createManualClock();
  const guest = new FakeGuest(guestOptions);
  const link = await createAgentLink(
    { ...realLinkDeps(), clock },
    { openTransport: () => Promise.resolve(guest.hostEnd), linkKey: randomBytes(16), signal: options.signal },
  );
  onTestFinished(() => link[Symbol.asyncDispose]());
  return { guest, link, clock };
}

/** The guest has broken the protocol: a new session has been begun, over which requests are answered again. */
async function expectNewSession({ guest, link, clock }: Setting, before = 1): Promise<void> {
  await clock.advance(2_000);
  expect(guest.nonces.length).toBeGreaterThan(before);
  const stat = link.stat('/x', { ...options, followLinks: true });
  await turn();
  const { stream } = await guest.next(FRAME_TYPES.OPEN, KINDS.STAT);
  guest.send(FRAME_TYPES.ERROR, stream, new WireWriter().u16(2).text('none').finish());
  await expect(stat).rejects.toMatchObject({ reason: 'guest.no_such_file' });
}

/** A command whose OPEN has come to the guest. */
async function startCommand({ guest, link }: Setting, hasStdin = false) {
  const starting = link.exec(idFromUuid('exec', randomUUID()), command(['x'], { hasStdin }), options);
  starting.catch(() => undefined);
  const { stream } = await guest.next(FRAME_TYPES.OPEN, KINDS.EXEC);
  return { stream, starting };
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
    const setting = await open();
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
    const { guest, link, clock } = await open();
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

describe('windows', () => {
  test('one that goes back does no harm', async () => {
    const setting = await open();
    const { guest } = setting;
    const { stream, starting } = await startCommand(setting, true);
    guest.started(stream);
    const process = await starting;

    guest.window(stream, 0, 0, 3);
    guest.window(stream, 0, 0, 1);
    const written = process.writeStdin(bytesOf('abcde'));
    const first = await guest.next(FRAME_TYPES.DATA);
    guest.window(stream, 0, 3, 10);
    guest.window(stream, 0, 0, 5);
    await written;

    expect(first.payload.subarray(9).toString()).toBe('abc');
    expect((await guest.next(FRAME_TYPES.DATA)).payload.subarray(9).toString()).toBe('de');
    expect(guest.nonces.length).toBe(1);
  });

  test('no byte is sent past the limit', async () => {
    const setting = await open();
    const { guest, link, clock } = setting;
    const writing = link.writeFile('/x', inPieces(new Uint8Array(100_000)), options);
    const { stream } = await guest.next(FRAME_TYPES.OPEN);
    guest.send(FRAME_TYPES.RESULT, stream);
    guest.window(stream, 0, 0, 40_000);

    const lengths = [];
    for (let sum = 0; sum < 40_000; sum += lengths.at(-1) ?? 0)
      lengths.push((await guest.next(FRAME_TYPES.DATA)).payload.length - 9);
    await clock.advance(1_000);

    expect(lengths).toEqual([32_768, 7_232]);
    guest.window(stream, 0, 40_000, 140_000);
    const eof = await guest.next(FRAME_TYPES.EOF);
    expect(eof.payload.readUInt32LE(1)).toBe(100_000);
    guest.send(FRAME_TYPES.RESULT, stream, new WireWriter().u64(100_000).finish());
    expect(await writing).toBe(100_000);
  });

  test('what is not read is not granted, so that no guest can fill the memory', async () => {
    const setting = await open();
    const { guest, link } = setting;
    const reading = link.readFile('/x', options);
    const { stream } = await guest.next(FRAME_TYPES.OPEN);
    const window = await guest.next(FRAME_TYPES.WINDOW);
    guest.send(FRAME_TYPES.RESULT, stream, new WireWriter().u64(0).u32(0).bigU64(0n).finish());
    const limit = window.payload.readUInt32LE(9);

    for (let at = 0; at < limit; at += 32_768) guest.data(stream, 1, at, Buffer.alloc(32_768));
    const { content } = await reading;
    await turn();

    expect(limit).toBeLessThanOrEqual(MIB);
    const pieces = content[Symbol.asyncIterator]();
    for (let i = 0; i < limit / 32_768; i++) await pieces.next();
    // Only now there is more.
    expect((await guest.next(FRAME_TYPES.WINDOW)).payload.readUInt32LE(9)).toBeGreaterThan(limit);
    await pieces.return?.();
    expect((await guest.next(FRAME_TYPES.CLOSE)).stream).toBe(stream);
  });

  test('output that is not acknowledged is granted up to 1 MiB, however much is read', async () => {
    const setting = await open();
    const { guest } = setting;
    const { stream, starting } = await startCommand(setting);
    guest.started(stream);
    const process = await starting;
    const pieces = process.output[Symbol.asyncIterator]();
    let limit = (await guest.next(FRAME_TYPES.WINDOW)).payload.readUInt32LE(9);

    for (let at = 0; at < MIB; at += 32_768) {
      while (at + 32_768 > limit)
        limit = Math.max(limit, (await guest.next(FRAME_TYPES.WINDOW)).payload.readUInt32LE(9));
      guest.data(stream, 1, at, Buffer.alloc(32_768));
      await pieces.next();
    }

    expect(limit).toBe(MIB);
    process.acknowledge('stdout', 100_000);
    expect((await guest.next(FRAME_TYPES.WINDOW)).payload.readUInt32LE(9)).toBe(MIB + 100_000);
  });
});

describe('the life of a link', () => {
  test('a guest that speaks no common version is refused for good', async () => {
    await expect(open({ version: 0 })).rejects.toMatchObject({ code: 'unsupported', reason: 'guest.protocol_version' });
  });

  test('a machine that is gone closes the link, and everything on it', async () => {
    const guest = new FakeGuest();
    let connections = 0;
    const link = await createAgentLink(realLinkDeps(), {
      openTransport: async () => {
        connections += 1;
        if (connections === 1) return guest.hostEnd;
        throw new VolaryError('failed_precondition', 'There is no machine.', { reason: 'driver.no_machine' });
      },
      linkKey: randomBytes(16),
      signal: options.signal,
    });
    const asked = link.stats(options);
    const process = link.exec(idFromUuid('exec', randomUUID()), command(['x']), options);

    guest.hostEnd.destroy();

    for (const waiting of [asked, process, link.ping({ timeoutMs: 1_000 })]) {
      await expect(waiting).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
    }
    expect(await link.closed).toBe('There is no machine.');
    await expect(link.stats(options)).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
  });

  test('a machine that is not there from the start says so', async () => {
    await expect(
      createAgentLink(realLinkDeps(), {
        openTransport: () =>
          Promise.reject(new VolaryError('failed_precondition', 'No.', { reason: 'driver.no_machine' })),
        linkKey: randomBytes(16),
        signal: options.signal,
      }),
    ).rejects.toMatchObject({ reason: 'driver.no_machine' });
  });

  test('waiting for the first answer ends with its signal, and leaves nothing open', async () => {
    const guest = new FakeGuest({ answers: false });
    const abort = new AbortController();
    const opening = createAgentLink(realLinkDeps(), {
      openTransport: () => Promise.resolve(guest.hostEnd),
      linkKey: randomBytes(16),
      signal: abort.signal,
    });

    abort.abort(new Error('enough'));

    await expect(opening).rejects.toThrow('enough');
    expect(guest.hostEnd.destroyed).toBe(true);
  });

  test('a command that was being started is not started again by an agent that counts from the start', async () => {
    const setting = await open();
    const { guest, clock } = setting;
    const { starting } = await startCommand(setting);

    guest.restart();
    guest.sendRaw(Buffer.alloc(64));
    await clock.advance(0);

    await expect(starting).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
    expect(guest.has(FRAME_TYPES.OPEN)).toBe(false);
  });

  test('a command that was being started is asked for again, by the same id, of the same agent', async () => {
    const setting = await open();
    const { guest, clock } = setting;
    const { starting } = await startCommand(setting);

    guest.sendRaw(Buffer.alloc(64));
    await clock.advance(0);
    const { stream } = await guest.next(FRAME_TYPES.OPEN, KINDS.EXEC);
    guest.started(stream, { isAttached: true });

    expect(await starting).toMatchObject({ pid: 42, isAttached: true });
  });

  test('what cannot be repeated fails when the session is lost; what can is asked again', async () => {
    const setting = await open();
    const { guest, link, clock } = setting;
    const renamed = link.rename('/a', '/b', options);
    const listed = link.list('/', { ...options, limit: 1 });
    const connected = link.connect({ host: '', port: 1 }, options);
    const written = link.writeFile('/x', inPieces('x'), options);
    renamed.catch(() => undefined);
    connected.catch(() => undefined);
    written.catch(() => undefined);
    await turn();

    guest.sendRaw(Buffer.alloc(64));
    await clock.advance(0);

    for (const failed of [renamed, connected, written]) {
      await expect(failed).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
    }
    const { stream } = await guest.next(FRAME_TYPES.OPEN, KINDS.LIST);
    guest.send(FRAME_TYPES.RESULT, stream, new WireWriter().u8(0).u32(0).finish());
    expect(await listed).toEqual({ files: [], hasMore: false });
  });

  test('a file goes on being read where it was cut, if it is still the same', async () => {
    const setting = await open();
    const { guest, link, clock } = setting;
    const file = new WireWriter().u64(6).u32(0o644).bigU64(5n).finish();
    const reading = link.readFile('/x', { ...options, offset: 10, length: 6 });
    const first = await guest.next(FRAME_TYPES.OPEN);
    guest.send(FRAME_TYPES.RESULT, first.stream, file);
    guest.data(first.stream, 1, 0, Buffer.from('abc'));
    const { content } = await reading;

    guest.sendRaw(Buffer.alloc(64));
    await clock.advance(0);
    const second = await guest.next(FRAME_TYPES.OPEN);
    guest.send(FRAME_TYPES.RESULT, second.stream, file);
    guest.data(second.stream, 1, 0, Buffer.from('def'));
    guest.eof(second.stream, 1, 3);

    expect([...second.payload.subarray(-16)]).toEqual([...new WireWriter().u64(13).u64(3).finish()]);
    expect(textOf([await readAll(content)])).toBe('abcdef');
  });

  test('a file that was changed while the link was lost is not read on', async () => {
    const setting = await open();
    const { guest, link, clock } = setting;
    const reading = link.readFile('/x', options);
    const first = await guest.next(FRAME_TYPES.OPEN);
    guest.send(FRAME_TYPES.RESULT, first.stream, new WireWriter().u64(6).u32(0o644).bigU64(5n).finish());
    const { content } = await reading;

    guest.sendRaw(Buffer.alloc(64));
    await clock.advance(0);
    const second = await guest.next(FRAME_TYPES.OPEN);
    guest.send(FRAME_TYPES.RESULT, second.stream, new WireWriter().u64(6).u32(0o644).bigU64(9n).finish());

    await expect(readAll(content)).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
  });

  test('a silent agent is waited for, and met again when it speaks', async () => {
    const { guest, link, clock } = await open();
    guest.pause();
    const ping = link.ping({ timeoutMs: 1_000 });
    ping.catch(() => undefined);
    await clock.advance(5_000);
    await expect(ping).rejects.toMatchObject({ code: 'deadline_exceeded', reason: 'guest.silent' });

    guest.resume();
    await clock.advance(5_000);

    expect(await link.ping({ timeoutMs: 1_000 })).toBe(0);
  });

  test('the words of a guest are shown short and harmless', async () => {
    const setting = await open();
    const stat = setting.link.stat('/x', { ...options, followLinks: true });
    const { stream } = await setting.guest.next(FRAME_TYPES.OPEN);
    const words = `\u001b[31m${'x'.repeat(10_000)}`;
    setting.guest.send(FRAME_TYPES.ERROR, stream, new WireWriter().u16(4_000).text(words).finish());

    const error = await stat.catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'failed_precondition', reason: 'guest.refused', details: { errno: 'E4000' } });
    expect(String(error)).not.toContain('\u001b');
    expect(String(error).length).toBeLessThan(400);
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
      const setting = await open();
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
