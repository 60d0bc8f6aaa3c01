import { randomBytes, randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { VolaryError } from '../../../domain/errors.ts';
import { idFromUuid } from '../../../domain/ids.ts';
import { command, inPieces, readAll, textOf } from '../../../ports/guest-link-contract/subject.contract.ts';
import { createAgentLink } from './agent-link.ts';
import { FakeGuest } from './fixtures/fake-guest.fixture.ts';
import { openFakedLink, startCommand } from './fixtures/faked-link.fixture.ts';
import { realLinkDeps } from './fixtures/link-deps.fixture.ts';
import { FRAME_TYPES } from './frame.ts';
import { KINDS } from './messages/kinds.ts';
import { WireWriter } from './wire-writer.ts';

const options = { signal: new AbortController().signal };

describe('the life of a link', () => {
  test('a guest that speaks no common version is refused for good', async () => {
    await expect(openFakedLink({ version: 0 })).rejects.toMatchObject({
      code: 'unsupported',
      reason: 'guest.protocol_version',
    });
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
    const setting = await openFakedLink();
    const { guest, clock } = setting;
    const { starting } = await startCommand(setting);

    guest.restart();
    guest.sendRaw(Buffer.alloc(64));
    await clock.advance(0);

    await expect(starting).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
    expect(guest.has(FRAME_TYPES.OPEN)).toBe(false);
  });

  test('a command that was being started is asked for again, by the same id, of the same agent', async () => {
    const setting = await openFakedLink();
    const { guest, clock } = setting;
    const { starting } = await startCommand(setting);

    guest.sendRaw(Buffer.alloc(64));
    await clock.advance(0);
    const { stream } = await guest.next(FRAME_TYPES.OPEN, KINDS.EXEC);
    guest.started(stream, { isAttached: true });

    expect(await starting).toMatchObject({ pid: 42, isAttached: true });
  });

  test('what cannot be repeated fails when the session is lost; what can is asked again', async () => {
    const setting = await openFakedLink();
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
    const setting = await openFakedLink();
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
    const setting = await openFakedLink();
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
    const { guest, link, clock } = await openFakedLink();
    guest.pause();
    const ping = link.ping({ timeoutMs: 1_000 });
    ping.catch(() => undefined);
    await clock.advance(5_000);
    await expect(ping).rejects.toMatchObject({ code: 'deadline_exceeded', reason: 'guest.silent' });

    guest.resume();
    await clock.advance(5_000);

    expect(await link.ping({ timeoutMs: 1_000 })).toBe(0);
  });

  test('a content is told when its file is refused, even while its next piece is being made', async () => {
    const { guest, link } = await openFakedLink();
    const released = Promise.withResolvers<void>();
    const held = Promise.withResolvers<IteratorResult<Uint8Array>>();
    const content = {
      [Symbol.asyncIterator]: () => ({
        next: () => held.promise,
        return: async () => {
          released.resolve();
          return { done: true, value: undefined } as const;
        },
      }),
    };
    const writing = link.writeFile('/x', content, options);
    const { stream } = await guest.next(FRAME_TYPES.OPEN, KINDS.WRITE);

    guest.send(FRAME_TYPES.ERROR, stream, new WireWriter().u16(28).text('no room').finish());

    await expect(writing).rejects.toMatchObject({ code: 'resource_exhausted', reason: 'guest.no_space' });
    await released.promise;
  });

  test('the words of a guest are shown short and harmless', async () => {
    const setting = await openFakedLink();
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
