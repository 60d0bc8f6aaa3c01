import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { bytesOf, inPieces } from '../../../ports/guest-link-contract/subject.contract.ts';
import { openFakedLink, startCommand } from './fixtures/faked-link.fixture.ts';
import { FRAME_TYPES } from './frame.ts';
import { WireWriter } from './wire-writer.ts';

const options = { signal: new AbortController().signal };

const MIB = 1024 * 1024;

describe('windows', () => {
  test('one that goes back does no harm', async () => {
    const setting = await openFakedLink();
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
    const setting = await openFakedLink();
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
    const setting = await openFakedLink();
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
    const setting = await openFakedLink();
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
