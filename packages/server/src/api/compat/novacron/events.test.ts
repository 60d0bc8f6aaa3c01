import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApi } from '../../testing/run-api.ts';
import { MOMENT, type NovacronServer, PASSWORD, startNovacron } from './novacron.test-kit.ts';

let here: NovacronServer;
beforeAll(async () => {
  here = await startNovacron();
});
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
});

interface Message {
  readonly type: string;
  readonly sequence?: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A socket of the document's own client, as far as that goes. */
class Client {
  readonly received: Message[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  #wake = (): void => undefined;

  constructor(base: string, search = '') {
    this.#socket = new WebSocket(`${base.replace('http', 'ws')}/ws/events${search}`);
    this.#socket.addEventListener('message', ({ data }) => {
      const message: Message = JSON.parse(String(data));
      this.received.push(message);
      this.#wake();
    });
    const { promise, resolve } = Promise.withResolvers<number>();
    this.closed = promise;
    this.#socket.addEventListener('close', ({ code }) => {
      resolve(code);
      this.#wake();
    });
  }

  async say(message: unknown): Promise<void> {
    if (this.#socket.readyState === WebSocket.CONNECTING) await once(this.#socket, 'open');
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async until(isEnough: (received: readonly Message[]) => boolean): Promise<readonly Message[]> {
    while (!isEnough(this.received)) {
      if (this.#socket.readyState === WebSocket.CLOSED) throw new Error('closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.received;
  }

  close(): void {
    this.#socket.close();
  }
}

const isIn = (received: readonly Message[]) => received.some(({ type }) => type === 'authenticated');

describe('the socket of events', () => {
  it('tells of each change of a status, with the one before and why', async () => {
    const client = new Client(here.base);
    await client.say({ type: 'authenticate', token: `Bearer ${here.token}` });
    await client.until(isIn);
    const id = await here.make('watched');
    await here.ask('POST', `/vms/${id}/stop`);
    const received = await client.until((all) => all.some(({ data }) => data['new_status'] === 'stopped'));
    await here.ask('DELETE', `/vms/${id}`);
    await client.until((all) => all.some(({ data }) => data['new_status'] === 'deleted'));
    client.close();

    const changes = received.filter(({ data }) => data['vm_id'] === id);
    expect(changes.map(({ data }) => [data['old_status'], data['new_status']])).toEqual([
      [null, 'provisioning'],
      ['provisioning', 'starting'],
      ['starting', 'running'],
      ['running', 'stopping'],
      ['stopping', 'stopped'],
      ['stopped', 'deleting'],
      ['deleting', 'deleted'],
    ]);
    expect(changes[3]).toEqual({
      type: 'vm.status.changed',
      timestamp: expect.stringMatching(MOMENT),
      sequence: expect.any(Number),
      data: { vm_id: id, old_status: 'running', new_status: 'stopping', reason: 'user_initiated' },
    });
  });

  it('goes on after what was seen', async () => {
    const id = await here.make('resumed');
    const client = new Client(here.base);
    await client.say({ type: 'authenticate', token: here.token, since: 0 });
    const received = await client.until((all) => all.some(({ data }) => data['vm_id'] === id));
    client.close();

    expect(received.some(({ type }) => type === 'vm.status.changed')).toBe(true);
  });

  it('lets in by the query and by a key too', async () => {
    const client = new Client(here.base, `?token=${here.token}`);
    await client.until(isIn);
    client.close();

    expect(await client.closed).toBe(1005);
  });

  it('is closed with 4401 for a token that is none, and for anything else that comes first', async () => {
    for (const first of [
      { type: 'authenticate', token: 'Bearer nonsense' },
      { type: 'authenticate' },
      { type: 'subscribe' },
      'no json',
    ]) {
      const client = new Client(here.base);
      await client.say(first);
      expect(await client.closed).toBe(4401);
      expect(client.received).toEqual([]);
    }
  });

  it('is closed with 4401 where nobody says in time who asks', async () => {
    await using api = await runApi({ limits: { authenticateMs: 50 } });

    expect(await new Client(`${api.url}/novacron/v1`).closed).toBe(4401);
  });

  it('is closed with 4403 for whoever may see no events', async () => {
    await here.client.roles.put('blind', { description: '', permissions: ['vm:read'] });
    await here.client.users.create({ name: 'bob', email: 'bob@example.com', password: PASSWORD, roles: ['blind'] });
    const login = { email: 'bob@example.com', password: PASSWORD };
    const { token } = (await here.ask<{ token: string }>('POST', '/auth/login', login, null)).body;
    const client = new Client(here.base);
    await client.say({ type: 'authenticate', token });

    expect(await client.closed).toBe(4403);
  });

  it('is closed when its token is good no more', async () => {
    await here.client.users.create({ name: 'lea', email: 'lea@example.com', password: PASSWORD, roles: ['viewer'] });
    const login = { email: 'lea@example.com', password: PASSWORD };
    const { token } = (await here.ask<{ token: string }>('POST', '/auth/login', login, null)).body;
    const client = new Client(here.base);
    await client.say({ type: 'authenticate', token });
    await client.until(isIn);
    await here.client.users.update('lea', { state: 'disabled' });

    expect(await client.closed).toBe(4401);
  });

  it('is no page', async () => {
    expect(await here.ask('GET', '/ws/events')).toMatchObject({
      status: 400,
      body: { error: { code: 'INVALID_REQUEST' } },
    });
  });
});
