/** What each sender makes of a vendor that is not as it should be. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VendorServer } from '../../../../../../test/vendors/vendor-server.ts';
import { notificationOf, TARGETS, TOKENS, VENDORS } from '../testing/vendors.ts';

describe.each(VENDORS)('$name', ({ name, start, sender: create, ask }) => {
  const notification = notificationOf(TARGETS[name]);
  const never = new AbortController().signal;
  let server: VendorServer;

  beforeEach(async () => {
    server = await start();
  });
  afterEach(async () => await server[Symbol.asyncDispose]());

  it.each<['silence' | 'drip', string]>([
    ['silence', 'that is silent'],
    ['drip', 'that answers a byte at a time'],
  ])('gives up one %s, %s, in time', async (fault) => {
    server.failAll(fault);
    const sender = create(server, { timeoutMs: 150 });

    expect(await sender.sendNotification(notification, { signal: never })).toMatchObject({
      ...{ status: null, error: 'timeout', isFinal: false, response: 'it did not answer in time' },
    });
    await expect(ask(sender, never)).rejects.toMatchObject({
      ...{ code: 'unavailable', reason: 'integration.unavailable' },
      message: expect.stringContaining('It may have been done all the same.'),
    });
    expect((await sender.health({ signal: never })).why).toContain('it did not answer in time');
  });

  it('does not read an answer to an end that there is not', async () => {
    server.failAll('endless');
    const sender = create(server);

    const outcome = await sender.sendNotification(notification, { signal: never });
    expect(outcome).toMatchObject({ error: 'invalid_response', isFinal: false });
    await expect(ask(sender, never)).rejects.toMatchObject({ reason: 'integration.unavailable' });
  });

  it('follows no redirect, and takes its token nowhere', async () => {
    const elsewhere = await start();
    const headers = { location: `${elsewhere.url}/` };
    server.failNext({ status: 307, headers, body: '' }, { status: 301, headers, body: '' });
    const sender = create(server);

    const outcome = await sender.sendNotification(notification, { signal: never });
    expect(outcome).toMatchObject({ status: 307, error: 'redirected', isFinal: false });
    await expect(ask(sender, never)).rejects.toMatchObject({
      ...{ code: 'failed_precondition', reason: 'integration.refused', details: { integration: name, status: 301 } },
    });
    expect(elsewhere.requests).toEqual([]);
    await elsewhere[Symbol.asyncDispose]();
  });

  it('asks once, however often it would pay to ask again', async () => {
    const sender = create(server);
    for (const status of [500, 502, 503, 429]) {
      server.failNext({ status, headers: { 'retry-after': '7' }, body: {} });

      const outcome = await sender.sendNotification(notification, { signal: never });
      expect(outcome).toMatchObject({ status, error: 'status', retryAfterMs: 7_000, isFinal: false });
    }
    server.failNext({ status: 503, headers: { 'retry-after': '7' }, body: 'busy' });

    await expect(ask(sender, never)).rejects.toMatchObject({
      ...{ code: 'unavailable', details: { integration: name, status: 503, retry_after_ms: 7_000 } },
    });
    expect(server.requests.length).toBe(5);
  });

  it('says when it was broken off, or nobody is there', async () => {
    server.failNext('unread');
    const sender = create(server);
    const broken = await sender.sendNotification(notification, { signal: never });
    await server[Symbol.asyncDispose]();
    const gone = await sender.sendNotification(notification, { signal: never });

    expect([broken, gone]).toMatchObject([{ error: 'connection_failed' }, { error: 'connection_failed' }]);
    server = await start();
  });

  it('knows what is no HTTP', async () => {
    const odd = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end('SSH-2.0-OpenSSH\r\n'));
    });
    odd.listen(0, '127.0.0.1');
    await once(odd, 'listening');
    const address = odd.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    const sender = create({ ...server, url: `http://127.0.0.1:${port}` });
    const outcome = await sender.sendNotification(notification, { signal: never });
    const error: unknown = await ask(sender, never).catch((caught: unknown) => caught);

    expect(outcome).toMatchObject({ status: null, error: 'invalid_response', isFinal: false });
    expect(error).toMatchObject({ reason: 'integration.unavailable' });
    expect(inspect(error, { depth: null })).not.toContain('OpenSSH');
    odd.close();
    await once(odd, 'close');
  });

  it.each([
    ['text', 'Welcome'],
    ['an object of something else', { hello: 1 }],
    ['a list', [1]],
  ])('does not take %s for an answer', async (_what, body) => {
    server.failAll({ status: 200, body });

    await expect(ask(create(server), never)).rejects.toMatchObject({ reason: 'integration.unavailable' });
  });

  it('stops when it is told to', async () => {
    server.failAll('silence');
    const stopping = new AbortController();
    const sender = create(server);
    const told = sender.sendNotification(notification, { signal: stopping.signal });
    const asked = ask(sender, stopping.signal);
    await server.arrived(2);
    stopping.abort(new Error('stopping'));

    await expect(told).rejects.toThrow('stopping');
    await expect(asked).rejects.toThrow('stopping');
  });

  it('never tells its token, whoever does', async () => {
    const told = `your token is ${TOKENS[name]}\u0007`;
    server.failAll({ status: 418, body: { message: told, error: told, ok: false } });
    const sender = create(server);
    const outcome = await sender.sendNotification(notification, { signal: never });
    const error: unknown = await ask(sender, never).catch((caught: unknown) => caught);
    const health = await sender.health({ signal: never });

    // The error with its stack, its fields and its causes, as it is logged.
    expect(inspect([outcome, health, error], { depth: null })).not.toContain(TOKENS[name]);
    expect(outcome.response).toMatch(/418/);
    expect(outcome.response).not.toMatch(/\p{C}/u);
  });

  it('says that a token is wrong, which somebody can mend', async () => {
    const sender = create(server, { token: 'wrong' });

    expect(await sender.sendNotification(notification, { signal: never })).toMatchObject({ isFinal: false });
    await expect(ask(sender, never)).rejects.toMatchObject({ reason: 'integration.refused' });
    expect(await sender.health({ signal: never })).toMatchObject({ why: expect.stringMatching(/401|invalid_auth/) });
    expect((await create(server).health({ signal: never })).why).toBeNull();
  });
});
