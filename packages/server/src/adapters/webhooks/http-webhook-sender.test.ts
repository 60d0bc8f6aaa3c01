import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllowedTargets } from '../../domain/net/target.ts';
import { type Receiver, startReceiver, withStatus } from '../../lib/testing/http-receiver.ts';
import { numberedId, sampleEvent } from '../../ports/store-contract/samples.contract.ts';
import type { SendOutcome, WebhookSender } from '../../ports/webhook-sender.ts';
import { type Resolve, resolveBySystem } from '../shared/resolve-target.ts';
import { createSystemClock } from '../system/system-clock.ts';
import { createHttpWebhookSender } from './http-webhook-sender.ts';

const EVENT = { ...sampleEvent(numberedId('vm', 1), 'grüße'), sequence: 12 };
const HOOK = { deliveryId: numberedId('dlv', 1), event: EVENT, secrets: ['first secret', 'older secret'] };

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver[Symbol.asyncDispose]();
});

interface Settings {
  readonly allowed?: string;
  readonly timeoutMs?: number;
  readonly resolve?: Resolve;
}

function senderOf({ allowed = '127.0.0.1', timeoutMs = 5_000, resolve = resolveBySystem }: Settings): WebhookSender {
  return createHttpWebhookSender(
    { clock: createSystemClock(), toBody: (event) => JSON.stringify(event), resolve },
    { version: '1.2.3', allowedTargets: parseAllowedTargets(allowed), timeoutMs },
  );
}

async function send(url = receiver.url, settings: Settings = {}): Promise<SendOutcome> {
  return await senderOf(settings).send({ url, ...HOOK }, { signal: new AbortController().signal });
}

/** A peer that speaks as it likes once somebody is connected; its URL. */
async function withPeer(speak: (socket: Socket) => void, use: (url: string) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // those who send may go away
    speak(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not listening on a port');
  try {
    await use(`http://127.0.0.1:${address.port}/`);
  } finally {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
}

describe('a request', () => {
  it('tells of the event, and is signed by each secret over its time and its bytes', async () => {
    const before = Math.floor(Date.now() / 1000);
    const outcome = await send();

    expect(outcome).toMatchObject({ status: 204, error: null, response: '', retryAfterMs: null });
    const [request] = receiver.received;
    const { headers, body, path } = request ?? { headers: {}, body: '', path: '' };
    expect(path).toBe('/in');
    expect(JSON.parse(body)).toEqual(EVENT);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Volary/1.2.3',
      'volary-event-id': '12',
      'volary-event-type': 'vm.started',
      'volary-delivery': numberedId('dlv', 1),
    });
    const at = headers['volary-timestamp'];
    expect(Number(at)).toBeGreaterThanOrEqual(before);
    const expected = HOOK.secrets.map(
      (secret) =>
        `v1=${createHmac('sha256', secret)
          .update(`${String(at)}.${body}`)
          .digest('hex')}`,
    );
    expect(headers['volary-signature']).toBe(expected.join(','));
  });

  it.each([
    [200, null],
    [202, null],
    [299, null],
    [300, 'redirected'],
    [400, 'status'],
    [404, 'status'],
    [410, 'status'],
    [429, 'status'],
    [500, 'status'],
    [503, 'status'],
  ])('that is answered with %i has the error %s', async (status, error) => {
    receiver.answer = withStatus(status, {}, 'why');

    expect(await send()).toMatchObject({ status, error, response: 'why' });
  });

  it('that is redirected goes nowhere else', async () => {
    receiver.answer = withStatus(302, { location: `http://127.0.0.1:${receiver.port}/elsewhere` });

    expect(await send()).toMatchObject({ status: 302, error: 'redirected' });
    expect(receiver.received.map(({ path }) => path)).toEqual(['/in']);
  });

  it.each([
    ['120', 120_000],
    ['0', 0],
    [new Date(Date.now() - 60_000).toUTCString(), 0],
    ['soon', null],
    ['-5', null],
    ['99999999999999', null],
  ])('tells when the receiver wants it again (Retry-After: %s)', async (value, expected) => {
    receiver.answer = withStatus(503, { 'retry-after': value });

    expect((await send()).retryAfterMs).toBe(expected);
  });

  it('reads 4 KiB of the answer, however much there is, and shows what can be shown', async () => {
    receiver.answer = (response) => {
      response.writeHead(500);
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      response.write('a\u0000\u001b[31m\tb\nü');
      response.write(Buffer.from([0xff, 0xfe]));
      more();
    };

    const { status, response } = await send();

    expect(status).toBe(500);
    expect(response.startsWith('a\uFFFD\uFFFD[31m\tb\nü\uFFFD\uFFFDxxx')).toBe(true);
    expect(response.length).toBeLessThanOrEqual(4096);
    expect(response.length).toBeGreaterThan(4000);
  });

  it.each([204, 500])('whose answer of %i breaks off, or never ends, counts by its status', async (status) => {
    receiver.answer = (response) => {
      response.writeHead(status === 204 ? 200 : status, { 'content-length': '10' });
      response.write('abc', () => response.destroy());
    };
    expect((await send()).status).toBe(status === 204 ? 200 : status);

    receiver.answer = (response) => {
      response.writeHead(200).write('abc');
    };
    expect(await send(receiver.url, { timeoutMs: 200 })).toMatchObject({ status: 200, error: null, response: 'abc' });
  });
});

describe('a receiver', () => {
  it('that never answers is given up when the time is over', async () => {
    receiver.answer = () => {};

    const outcome = await send(receiver.url, { timeoutMs: 100 });

    expect(outcome).toMatchObject({ status: null, error: 'timeout' });
    expect(outcome.durationMs).toBeGreaterThanOrEqual(90);
  });

  it.each([
    ['says no HTTP', (socket: Socket) => socket.write('220 mail.example ESMTP\r\n'), 'invalid_response'],
    [
      'goes on with another protocol',
      (socket: Socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
      'connection_failed',
    ],
    [
      'sends headers without an end',
      (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`),
      'invalid_response',
    ],
    ['closes at once', (socket: Socket) => socket.end(), 'connection_failed'],
    ['breaks the connection', (socket: Socket) => socket.resetAndDestroy(), 'connection_failed'],
    ['says one byte at a time', (socket: Socket) => socket.write('H'), 'timeout'],
  ])('that %s has not been told', async (_name, speak, error) => {
    await withPeer(speak, async (url) => {
      const outcome = await send(url, { timeoutMs: 300 });

      expect(outcome.status).toBeNull();
      expect(outcome.error).toBe(error);
    });
  });

  it('that does not listen has not been told', async () => {
    const gone = await startReceiver();
    await gone[Symbol.asyncDispose]();

    expect(await send(gone.url)).toMatchObject({ status: null, error: 'connection_failed' });
  });

  it('is left when the server is stopping', async () => {
    const controller = new AbortController();
    receiver.answer = () => controller.abort(new Error('stopping'));

    const sending = senderOf({}).send({ url: receiver.url, ...HOOK }, { signal: controller.signal });

    await expect(sending).rejects.toThrow('stopping');
  });
});

describe('a name', () => {
  const named = (): string => `http://hooks.example:${receiver.port}/in`;
  const to =
    (...addresses: readonly string[]): Resolve =>
    async () =>
      addresses;

  it('is connected to at the address that was looked up and checked, and not looked up again', async () => {
    let lookups = 0;
    const resolve: Resolve = async () => {
      lookups += 1;
      // Whoever asks twice is told something else the second time.
      return lookups === 1 ? ['127.0.0.1'] : ['127.0.0.2'];
    };

    expect(await send(named(), { resolve })).toMatchObject({ status: 204, error: null });
    expect(lookups).toBe(1);
    expect(receiver.received[0]?.headers.host).toBe(`hooks.example:${receiver.port}`);
  });

  it.each([
    ['a private address', ['10.0.0.1']],
    ['the loopback', ['127.0.0.1']],
    ['the loopback, mapped', ['::ffff:127.0.0.1']],
    ['the metadata of a cloud', ['169.254.169.254']],
    ['a public and a private address', ['93.184.215.14', '192.168.0.1']],
    ['nonsense', ['elsewhere']],
  ])('that has %s is refused, and nothing is sent', async (_name, addresses) => {
    const settings = { resolve: to(...addresses), allowed: '' };
    const { signal } = new AbortController();

    expect(await send(named(), settings)).toMatchObject({ status: null, error: 'target_refused' });
    await expect(senderOf(settings).checkTarget(named(), { signal })).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'webhook.target_refused',
      message: expect.not.stringContaining(addresses[0] ?? ''),
    });
    expect(receiver.received).toEqual([]);
  });

  it('such as localhost is looked up as any other', async () => {
    const url = `http://localhost:${receiver.port}/`;

    expect(await send(url, { allowed: '' })).toMatchObject({ error: 'target_refused' });
  });

  it('that cannot be looked up may be a webhook’s, and has not been told', async () => {
    const { signal } = new AbortController();
    const failing: Resolve = async () => {
      throw new Error('ENOTFOUND');
    };
    for (const resolve of [failing, to()]) {
      expect(await send(named(), { resolve })).toMatchObject({ status: null, error: 'unresolved' });
      await senderOf({ resolve }).checkTarget(named(), { signal });
    }
  });

  it('whose look-up never ends is given up when the time is over', async () => {
    const { signal } = new AbortController();
    const settings = { resolve: () => new Promise<never>(() => {}), timeoutMs: 100 };

    expect(await send(named(), settings)).toMatchObject({ status: null, error: 'timeout' });
    await senderOf(settings).checkTarget(named(), { signal });
  });
});

describe('a secret that is made up', () => {
  it('has 256 random bits, and can be printed', () => {
    const sender = senderOf({});

    expect(sender.createSecret()).toMatch(/^whsec_[\w-]{43}$/);
    expect(sender.createSecret()).not.toBe(sender.createSecret());
  });
});
