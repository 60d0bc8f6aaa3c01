import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { CLIENT_MESSAGES, LIMITS, SERVER_MESSAGES, type ServerMessage } from '@volary/contract';
import { Ajv } from 'ajv';
import ajvFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventType, NewEvent } from '../../domain/events.ts';
import { numberedId, sampleEvent } from '../../ports/store-contract/samples.contract.ts';
import { type EventSocket, goodbyeOf, openEventSocket, sequencesOf, shakeHands } from '../testing/event-socket.ts';
import { type RunningApi, runApi } from '../testing/run-api.ts';
import { ADMIN_KEY } from '../testing/run-server.ts';

const VM = numberedId('vm', 1);
const events = (count: number, type: EventType = 'vm.started'): readonly NewEvent[] =>
  Array.from({ length: count }, (_, i) => sampleEvent(i % 2 === 0 ? VM : null, '', { type }));
const isA =
  <T extends ServerMessage['type']>(type: T, id?: string) =>
  (message: ServerMessage): boolean =>
    message.type === type && (id === undefined || ('id' in message && message.id === id));
/** A client's own goodbye, which answers the server's when that has been sent already. */
const MASKED_CLOSE = Buffer.from([0x88, 0x80, 0, 0, 0, 0]);
const reasonsIn = (messages: readonly ServerMessage[]) =>
  messages.flatMap((message) => (message.type === 'error' ? [message.problem.reason] : []));

let api: RunningApi;
let socket: EventSocket;

describe('an event socket', () => {
  beforeAll(async () => {
    // Long enough for a client in this same thread to answer, whatever else the machine does.
    api = await runApi({ limits: { heartbeatMs: 500 } });
    socket = await openEventSocket(api.url);
  });
  afterAll(async () => {
    await socket?.close();
    await api?.[Symbol.asyncDispose]();
  });

  it('gives history and then what comes, each event once and in order, to each subscription by its filter', async () => {
    await api.append(...events(300), ...events(1, 'vm.failed'));
    socket.send(
      { type: 'subscribe', id: 'all', after: 0 },
      { type: 'subscribe', id: 'failures', after: 0, types: ['vm.failed'], vm: VM },
      { type: 'subscribe', id: 'new' },
    );
    await socket.until((received) => ['all', 'failures', 'new'].every((id) => received.some(isA('subscribed', id))));
    const before = await api.last();
    for (let i = 0; i < 5; i++) await api.append(...events(2), ...events(1, 'vm.failed'));
    const last = await api.last();

    await socket.until(
      (received) =>
        sequencesOf(received, 'failures').length === 6 &&
        sequencesOf(received, 'all').at(-1) === last &&
        sequencesOf(received, 'new').at(-1) === last,
    );

    expect(sequencesOf(socket.received, 'all')).toEqual(Array.from({ length: last }, (_, i) => i + 1));
    expect(sequencesOf(socket.received, 'new')).toEqual(
      Array.from({ length: last - before }, (_, i) => before + i + 1),
    );
    expect(socket.received.find(isA('subscribed', 'all'))).toMatchObject({ last_sequence: 0 });
    expect(socket.received.find(isA('subscribed', 'new'))).toMatchObject({ last_sequence: before });
    expect(socket.protocol).toBe('volary.v1');
  });

  it('answers a ping, tells how far a silent subscription is, and ends one', async () => {
    socket.send({ type: 'subscribe', id: 'silent', types: ['vm.deleted'] }, { type: 'ping' });
    await socket.until((received) => received.some(isA('pong')) && received.some(isA('subscribed', 'silent')));
    await api.append(...events(1));
    const last = await api.last();
    await socket.until((received) => received.some(isA('progress', 'silent')));
    expect(socket.received.find(isA('progress', 'silent'))).toMatchObject({ last_sequence: last });

    socket.send({ type: 'unsubscribe', id: 'all' }, { type: 'unsubscribe', id: 'silent' });
    await socket.until((received) => received.some(isA('unsubscribed', 'silent')));
    const count = sequencesOf(socket.received, 'all').length;
    await api.append(...events(3));
    await socket.until((received) => sequencesOf(received, 'new').at(-1) === last + 3);

    expect(sequencesOf(socket.received, 'all')).toHaveLength(count);
    expect(socket.received.find(isA('unsubscribed', 'all'))).toMatchObject({ last_sequence: last });
  });

  it.each([
    ['{', 'request.malformed_json'],
    ['[]', 'request.invalid'],
    [{ type: 'constructor' }, 'request.invalid'],
    [{ type: 'subscribe' }, 'request.invalid'],
    [{ type: 'subscribe', id: 'x', types: ['vm.danced'] }, 'request.invalid'],
    [{ type: 'subscribe', id: 'x', color: 'red' }, 'request.invalid'],
    [{ type: 'subscribe', id: 'x', vm: 'nobody' }, 'vm.unknown'],
    [{ type: 'subscribe', id: 'x', after: 1_000_000 }, 'events.cursor_ahead'],
    [{ type: 'subscribe', id: 'new' }, 'events.subscription_exists'],
    [{ type: 'unsubscribe', id: 'x' }, 'events.subscription_unknown'],
  ])('refuses %j in words and goes on', async (message, reason) => {
    const before = socket.received.length;
    socket.send(message, { type: 'ping' });

    await socket.until(
      (received) => received.slice(before).some(isA('error')) && received.slice(before).some(isA('pong')),
    );

    expect(reasonsIn(socket.received.slice(before))).toEqual([reason]);
  });

  it('has a bound on its subscriptions', async () => {
    const other = await openEventSocket(api.url);
    const { subscriptions } = LIMITS.eventSocket;
    other.send(...Array.from({ length: subscriptions + 1 }, (_, i) => ({ type: 'subscribe', id: `${i}` })));
    await other.until((received) => received.length > subscriptions);

    expect(reasonsIn(other.received)).toEqual(['events.too_many_subscriptions']);
    await other.close();
  });

  it('has what its address asks for as the first subscription', async () => {
    const other = await openEventSocket(api.url, `?after=2&type=vm.started&vm=${VM}`);
    await other.until((received) => sequencesOf(received).length >= 3);

    expect(other.received[0]).toMatchObject({ type: 'subscribed', id: 'query', last_sequence: 2 });
    expect(other.received[1]).toMatchObject({ type: 'event', id: 'query', event: { type: 'vm.started', vm_id: VM } });
    await other.close();
  });

  it('sends and takes what the contract says', () => {
    const ajv = new Ajv({ strict: true, allowUnionTypes: true, addUsedSchema: false });
    ajvFormats.default(ajv);
    const checks = Object.fromEntries(
      Object.entries({ ...CLIENT_MESSAGES, ...SERVER_MESSAGES }).map(([type, schema]) => {
        const plain = JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === '$id' ? undefined : value)));
        const check = ajv.compile(plain);
        for (const example of plain.examples) expect(check(example), type).toBe(true);
        return [type, check];
      }),
    );

    expect(new Set(socket.received.map(({ type }) => type))).toEqual(new Set(Object.keys(SERVER_MESSAGES)));
    for (const message of socket.received) expect(checks[message.type]?.(message), JSON.stringify(message)).toBe(true);
  });
});

describe('a handshake', () => {
  beforeAll(async () => {
    api = await runApi({ limits: { eventReaders: 2 }, allowedOrigins: ['https://console.example.org'] });
    await api.append(...events(10));
    await api.store.events.trim({ before: 0, keep: 4, limit: 100 });
  });
  afterAll(() => api?.[Symbol.asyncDispose]());
  const self = () => new URL(api.url).host;

  it.each([
    [{ authorization: '' }, '', 401, 'auth.key_missing'],
    [{ authorization: 'Bearer no' }, '', 401, 'auth.key_invalid'],
    [{ authorization: '', 'sec-websocket-protocol': 'volary.v1, bearer.%' }, '', 401, 'auth.key_invalid'],
    [{ origin: 'https://evil.example.org' }, '', 403, 'request.foreign_origin'],
    [{ origin: 'http://rebound.example.org', host: 'rebound.example.org' }, '', 403, 'request.foreign_origin'],
    [{ origin: 'null' }, '', 403, 'request.foreign_origin'],
    [{ 'sec-websocket-version': '8' }, '', 400, 'request.invalid'],
    [{ 'sec-websocket-key': 'short' }, '', 400, 'request.invalid'],
    [{ 'sec-websocket-protocol': 'chat' }, '', 400, 'request.invalid'],
    [{ 'sec-websocket-protocol': 'volary.v1,' }, '', 400, 'request.invalid'],
    [{ 'sec-websocket-protocol': 'volary.v1, volary.v1' }, '', 400, 'request.invalid'],
    [{ 'sec-websocket-protocol': 'volary.v1, a(b)' }, '', 400, 'request.invalid'],
    [{ 'sec-websocket-protocol': 'volary.v1 chat' }, '', 400, 'request.invalid'],
    [{ 'content-length': '2' }, '', 400, 'request.invalid'],
    [{ 'transfer-encoding': 'chunked' }, '', 400, 'request.invalid'],
    [{}, '?vm=nobody', 404, 'vm.unknown'],
    [{}, '?after=1e0', 400, 'request.invalid'],
    [{}, '?after=1', 410, 'events.trimmed'],
    [{}, '?after=x', 400, 'request.invalid'],
  ])('with %j%s is refused in HTTP', async (headers, search, status, reason) => {
    expect(await shakeHands(api.url, headers, search)).toMatchObject({ status, problem: { reason } });
  });

  it('over HTTP/1.0 is refused', async () => {
    const connection = connect(Number(new URL(api.url).port), '127.0.0.1');
    const head = `GET /v1/events HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer ${ADMIN_KEY}\r\n`;
    const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    connection.write(`${head}Connection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`);

    let text = '';
    for await (const chunk of connection) {
      text += String(chunk);
      if (text.startsWith('HTTP/1.1 101')) break;
    }
    expect(text).toMatch(/^HTTP\/1.1 400 .*"reason":"request.invalid"/s);
  });

  it('of a page of its own address, or of an origin that is allowed, is taken', async () => {
    for (const origin of [`http://${self()}`, 'https://console.example.org']) {
      const { status, connection } = await shakeHands(api.url, { origin });
      expect(status).toBe(101);
      connection?.destroy();
      if (connection !== null) await once(connection, 'close');
    }
  });

  it('is refused when too many follow, until one of them leaves', async () => {
    const sockets = [await openEventSocket(api.url), await openEventSocket(api.url)];
    expect(await shakeHands(api.url)).toMatchObject({ status: 429, problem: { reason: 'events.too_many_readers' } });

    await sockets[0]?.close();
    await expect
      .poll(async () => {
        const { status, connection } = await shakeHands(api.url);
        connection?.destroy();
        return status;
      })
      .toBe(101);
    await sockets[1]?.close();
  });

  it('to upgrade to something else is answered as if it had not asked', async () => {
    const answer = await shakeHands(api.url, { upgrade: 'h2c' });

    expect(answer).toMatchObject({ status: 200, problem: { next_cursor: null } });
  });
});

describe('a socket that misbehaves', () => {
  it('by sending too much is closed, with the reason', async () => {
    await using flooded = await runApi({});
    const flooding = await openEventSocket(flooded.url);
    flooding.send(...Array.from({ length: 3 * LIMITS.eventSocket.messagesPerSecond }, () => ({ type: 'ping' })));
    expect(await flooding.closed).toMatchObject({ code: 1008, reason: expect.stringContaining('messages a second') });

    const long = await openEventSocket(flooded.url);
    long.send('x'.repeat(LIMITS.eventSocket.messageBytes + 1));
    expect(await long.closed).toMatchObject({ code: 1009 });
    const other = await openEventSocket(flooded.url, '?after=0');
    await other.until((received) => received.some(isA('event')));
    await other.close();
  });

  it('by giving no sign of life is ended', async () => {
    await using impatient = await runApi({ limits: { heartbeatMs: 300 } });
    const { connection } = await shakeHands(impatient.url);
    const answering = await openEventSocket(impatient.url);

    expect(connection === null ? null : await goodbyeOf(connection)).toBeNull();
    answering.send({ type: 'ping' });
    await answering.until((received) => received.some(isA('pong')));
    await answering.close();
  });

  it('is nobody who gave no sign of life only while the server itself was held up', async () => {
    await using busy = await runApi({ limits: { heartbeatMs: 50 } });
    const answering = await openEventSocket(busy.url);

    for (let i = 0; i < 10; i++) {
      await setImmediate();
      for (const until = performance.now() + 100; performance.now() < until; );
    }

    answering.send({ type: 'ping' });
    await answering.until((received) => received.some(isA('pong')));
    await answering.close();
  });

  it('by not reading is closed with where to resume, and another one never waits for it', async () => {
    await using busy = await runApi({ limits: { goodbyeMs: 30_000 }, engine: { readerLagEvents: 100 } });
    const fat = (count: number): readonly NewEvent[] =>
      Array.from({ length: count }, () => sampleEvent(VM, 'x'.repeat(50_000)));
    const { connection: slow } = await shakeHands(busy.url, {}, '?after=0');
    if (slow === null) throw new Error('refused');
    slow.pause();
    const fast = await openEventSocket(busy.url, '?after=0');
    let mostBehind = 0;

    for (let written = 0; written < 500; written += 25) {
      await busy.append(...fat(25));
      const last = await busy.last();
      mostBehind = Math.max(mostBehind, last - (sequencesOf(fast.received).at(-1) ?? 0));
      await fast.until((received) => sequencesOf(received.slice(-1))[0] === last);
    }
    slow.write(MASKED_CLOSE);
    const goodbye = await goodbyeOf(slow);

    expect(goodbye).toMatchObject({
      code: 4008,
      reason: expect.stringMatching(/^you read too slowly; resume after \d+$/),
    });
    expect(mostBehind).toBeLessThanOrEqual(25 + 1);
    const all = sequencesOf(fast.received);
    expect(all).toEqual(all.map((_, i) => i + 1));
    await fast.close();
  });

  it('by not taking what was sent for too long is let go of, also when nothing more happens', async () => {
    await using quiet = await runApi({ limits: { eventReaders: 1, slowReaderMs: 50, goodbyeMs: 50 } });
    await quiet.append(...Array.from({ length: 250 }, () => sampleEvent(VM, 'x'.repeat(50_000))));
    const { connection: slow } = await shakeHands(quiet.url, {}, '?after=0');
    if (slow === null) throw new Error('refused');
    slow.pause();
    slow.on('error', () => undefined);

    await expect
      .poll(async () => {
        const { status, connection } = await shakeHands(quiet.url);
        connection?.destroy();
        return status;
      })
      .toBe(101);
    slow.destroy();
  });

  it('is told when the server stops', async () => {
    await using stopping = await runApi({ limits: { goodbyeMs: 50 } });
    const one = await openEventSocket(stopping.url);
    const { connection: silent } = await shakeHands(stopping.url);

    await stopping.close();

    expect(await one.closed).toEqual({ code: 1001, reason: 'the server is stopping' });
    expect(silent === null ? null : await goodbyeOf(silent)).toMatchObject({ code: 1001 });
  });
});
