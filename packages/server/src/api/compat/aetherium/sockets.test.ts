import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numberedId, sampleEvent } from '../../../ports/store-contract/samples.contract.ts';
import { shakeHands } from '../../testing/event-socket.ts';
import { runApi } from '../../testing/run-api.ts';
import { ADMIN_KEY } from '../../testing/run-server.ts';
import { type Aetherium, runAetherium } from './aetherium.test-kit.ts';

let here: Aetherium;
beforeAll(async () => {
  here = await runAetherium();
});
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
});

type Message = Readonly<Record<string, unknown>> & { readonly data: Readonly<Record<string, unknown>> };

/** A browser's socket: it can set no header. */
class Client {
  readonly received: Message[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: WebSocket;
  readonly #opened: Promise<void>;

  constructor(path: string, protocols: readonly string[] = [], base = here.base) {
    this.#socket = new WebSocket(`${base.replace('http', 'ws')}${path}`, [...protocols]);
    this.#socket.addEventListener('message', ({ data }) => this.received.push(JSON.parse(String(data))));
    this.closed = new Promise((resolve) => this.#socket.addEventListener('close', resolve));
    this.#opened = new Promise((resolve, reject) => {
      this.#socket.addEventListener('open', () => resolve());
      this.#socket.addEventListener('error', () => reject(new Error('refused')));
    });
  }

  async opened(): Promise<this> {
    await this.#opened;
    return this;
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async until(isThere: (message: Message) => boolean): Promise<Message> {
    await expect.poll(() => this.received.find(isThere), { timeout: 20_000 }).toBeDefined();
    const found = this.received.find(isThere);
    if (found === undefined) throw new Error('it was there');
    return found;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}

const WS = '/api/v1/ws';
const STREAM = '/api/v1/logs/stream';
const KEY = `api_key=${encodeURIComponent(ADMIN_KEY)}`;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const ofType = (type: string) => (message: Message) => message['type'] === type;

describe('the stream of the log', () => {
  it('sends each line as it comes, of the VM and the level that were asked for', async () => {
    const id = await here.create('talker');
    const other = await here.create('other');
    const client = await new Client(`${STREAM}?vm_id=${id}&level=info&${KEY}`).opened();

    await here.ask('DELETE', `/api/v1/vms/${other}`);
    await here.ask('DELETE', `/api/v1/vms/${id}`);
    const line = await client.until(({ message }) => String(message).startsWith('vm.deleted'));

    expect(Object.keys(line)).toEqual(['timestamp', 'level', 'message', 'task_id', 'vm_id', 'fields']);
    expect(line).toMatchObject({ timestamp: expect.stringMatching(MOMENT), level: 'info', vm_id: id });
    expect(client.received.filter((each) => each['vm_id'] !== id)).toEqual([]);
    client.send({ type: 'subscribe' });
    expect(await client.until(({ code }) => code === 400)).toMatchObject({ error: 'Bad Request' });
    await client.close();
  });

  it('refuses an address that means nothing before there is a socket', async () => {
    for (const search of ['?vm_id=uuid', '?level=loud', '?verbose=1'])
      expect(await shakeHands(here.base, {}, search, STREAM)).toMatchObject({ status: 400 });
    expect(await here.ask('GET', STREAM)).toMatchObject({ status: 400, body: { error: 'Bad Request', code: 400 } });
  });
});

describe('the socket of what happens', () => {
  it('tells lines of the log, tasks and VMs from the beginning, as {type, timestamp, data}', async () => {
    const client = await new Client(`${WS}?${KEY}`).opened();
    await client.until(ofType('subscribed'));

    const id = await here.create('watched');
    const status = await client.until(({ type, data }) => type === 'vm_status' && data['status'] === 'running');
    const task = await client.until(({ type, data }) => type === 'task_update' && data['status'] === 'completed');
    const line = await client.until(({ type, data }) => type === 'log' && data['vm_id'] === id);

    for (const message of client.received) expect(Object.keys(message)).toEqual(['type', 'timestamp', 'data']);
    expect(status).toMatchObject({ timestamp: expect.stringMatching(MOMENT), data: { id, name: 'watched' } });
    expect(task.data).toMatchObject({ type: 'vm:create', vm_id: id, error: null });
    expect(line.data).toMatchObject({ level: 'info', message: expect.any(String) });
    const { body } = await here.ask<{ readonly task_id: string }>('POST', `/api/v1/vms/${id}/execute`, {
      ...{ command: 'sh', args: ['-c', 'exit 7'] },
    });
    await client.until(
      ({ type, data }) => type === 'task_update' && data['id'] === body.task_id && data['exit_code'] === 7,
    );
    client.send({ type: 'ping' });
    await client.until(ofType('pong'));
    await client.close();
  });

  it('goes on after the sequence that was seen last, with the topics that are asked for', async () => {
    const first = await new Client(`${WS}?${KEY}`).opened();
    const { data } = await first.until(ofType('subscribed'));
    await first.close();
    const id = await here.create('missed');

    const client = await new Client(`${WS}?${KEY}`).opened();
    await client.until(ofType('subscribed'));
    client.send({ type: 'subscribe', topics: ['vms'], since: data['since'] });
    await client.until(({ type, data: { status } }) => type === 'vm_status' && status === 'running');

    const told = client.received.filter((each) => each.data['id'] === id);
    expect(new Set(told.map((each) => each.data['status']))).toEqual(new Set(['creating', 'starting', 'running']));
    expect(told[0]?.data['status']).toBe('creating');
    expect(client.received.findLast(ofType('subscribed'))?.data['topics']).toEqual(['vms']);
    await client.close();
  });

  it('leaves nothing out, and tells nothing twice, where it is asked for less while there is more to tell', async () => {
    await using api = await runApi({});
    const COUNT = 3_000;
    const change = { data: { name: 'busy', phase: 'running' } };
    const since = await api.last();
    const end = since + COUNT;
    await api.append(...Array.from({ length: COUNT }, () => sampleEvent(numberedId('vm', 1), '', change)));
    const client = await new Client(`/aetherium${WS}?${KEY}`, [], api.url).opened();
    client.send({ type: 'subscribe', since });
    // Asked before the first answer has come.
    for (const topics of [['vms', 'tasks'], ['vms']]) client.send({ type: 'subscribe', topics });

    await client.until(({ data }) => data['sequence'] === end);
    const told = client.received.filter(ofType('vm_status')).map(({ data }) => data['sequence']);

    expect(told).toEqual(Array.from({ length: COUNT }, (_, i) => since + i + 1));
    expect(client.received.filter(ofType('subscribed'))).toHaveLength(4);
    // From now on, and no more of what was there.
    client.send({ type: 'subscribe', topics: ['logs'] });
    client.send({ type: 'subscribe', topics: ['vms'] });
    await expect.poll(() => client.received.filter(ofType('subscribed')).length, { timeout: 20_000 }).toBe(6);
    await api.append(sampleEvent(numberedId('vm', 1), '', change));
    await client.until(({ data }) => data['sequence'] === end + 1);
    expect(client.received.filter(ofType('vm_status'))).toHaveLength(COUNT + 1);
    await client.close();
  });

  it('tells what is wrong with a message, and goes on', async () => {
    const client = await new Client(`${WS}?${KEY}`).opened();
    await client.until(ofType('subscribed'));

    for (const message of [
      '{',
      '[]',
      { type: 'shout' },
      { type: 'subscribe', topics: ['weather'] },
      { type: 'subscribe', since: -1 },
    ])
      client.send(message);
    await expect.poll(() => client.received.filter(ofType('error')).length, { timeout: 20_000 }).toBe(5);

    for (const { data } of client.received.filter(ofType('error')))
      expect(data).toEqual({ error: 'Bad Request', message: expect.any(String), code: 400 });
    client.send({ type: 'subscribe', since: 1e9 });
    await expect.poll(() => client.received.filter(ofType('error')).length, { timeout: 20_000 }).toBe(6);
    const id = await here.create('still-told');
    await client.until(({ type, data }) => type === 'vm_status' && data['id'] === id && data['status'] === 'running');
    await client.close();
  });
});

describe('who opens a socket', () => {
  it('says so in the address, among the protocols, or in the first message', async () => {
    const bearer = `bearer.${encodeURIComponent(ADMIN_KEY)}`;
    for (const client of [
      new Client(`${WS}?${KEY}`),
      new Client(`${WS}?token=${encodeURIComponent(ADMIN_KEY)}`),
      new Client(WS, [bearer]),
      new Client(WS, ['chat', bearer]),
    ]) {
      await client.opened();
      await client.until(ofType('subscribed'));
      await client.close();
    }
    const late = await new Client(WS).opened();
    late.send({ type: 'authenticate', token: ADMIN_KEY });
    // Sent before it is known who asks, and answered after.
    late.send({ type: 'ping' });
    await late.until(ofType('pong'));
    expect(late.received.map(({ type }) => type).slice(0, 2)).toEqual(['subscribed', 'pong']);
    await late.close();
  });

  it('is let go of with 4401 for saying nothing of it or nothing true, and refused in HTTP where it can be', async () => {
    const wrong = await new Client(WS).opened();
    wrong.send({ type: 'authenticate', token: 'nonsense' });
    expect((await wrong.closed).code).toBe(4401);
    expect(wrong.received).toMatchObject([{ type: 'error', data: { code: 401 } }]);
    const chatty = await new Client(STREAM).opened();
    chatty.send({ type: 'ping' });
    expect((await chatty.closed).code).toBe(4401);
    expect(await shakeHands(here.base, { authorization: 'Bearer nonsense' }, '', WS)).toMatchObject({ status: 401 });
    expect(await shakeHands(here.base, { authorization: '' }, '?api_key=nonsense', WS)).toMatchObject({ status: 401 });
    expect(await shakeHands(here.base, { origin: 'https://evil.example' }, '', WS)).toMatchObject({ status: 403 });
    expect(here.server.log()).not.toContain(ADMIN_KEY);
  });

  it('has ten seconds to say so', { timeout: 30_000 }, async () => {
    const silent = await new Client(WS).opened();

    expect(await silent.closed).toMatchObject({ code: 4401, reason: 'authenticate within 10 seconds' });
  });

  it('may not see more than its key allows', async () => {
    const made = await here.client.apiKeys.create({ name: 'no-log', permissions: ['event:read', 'operation:read'] });
    const client = await new Client(WS).opened();
    client.send({ type: 'authenticate', api_key: made.key });

    expect((await client.closed).code).toBe(4403);
    expect(await shakeHands(here.base, { authorization: `Bearer ${made.key}` }, '', STREAM)).toMatchObject({
      status: 403,
    });
  });
});
