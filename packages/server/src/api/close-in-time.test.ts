import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { closeInTime } from './close-in-time.ts';
import { createRequestSignals } from './request-signals.ts';

const STOP_MS = 200;

async function start(): Promise<{ readonly app: FastifyInstance; readonly url: string; readonly answer: () => void }> {
  const signals = createRequestSignals();
  const answering = Promise.withResolvers<void>();
  const app = Fastify({ return503OnClosing: false });
  closeInTime(app, signals, STOP_MS);
  app.get('/', async () => {
    await answering.promise;
    return 'done';
  });
  return { app, url: await app.listen({ host: '127.0.0.1', port: 0 }), answer: answering.resolve };
}

function portOf(app: FastifyInstance): number {
  const address: AddressInfo | string | null = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('closing', () => {
  it('lets an answer that is under way get through, and does not keep its connection alive', async () => {
    const { app, url, answer } = await start();
    const response = fetch(url);
    await once(app.server, 'request');

    const closed = app.close();
    answer();

    expect(await (await response).text()).toBe('done');
    await closed;
  });

  it.each(['', 'GET / HT', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'])(
    'does not wait for a caller that sent %j and no more',
    async (sent) => {
      const { app } = await start();
      const socket = connect(portOf(app), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(sent);
      const gone = once(socket, 'close');

      await app.close();

      await gone;
      expect(app.server.listening).toBe(false);
    },
  );
});
