import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunningServer, runServer } from './running-server.ts';

/* Peers that are there and do nothing: what a network that swallows packets leaves of a connection. */

const PEERS = 200;
let server: RunningServer;
let sockets: Socket[] = [];

beforeEach(async () => {
  server = await runServer('simulated');
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await server[Symbol.asyncDispose]();
});

/** Connections that have said this much, and will neither say more nor read. */
async function halfOpen(count: number, said: string): Promise<void> {
  const { hostname, port } = new URL(server.url);
  await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      sockets.push(socket);
      await once(socket, 'connect');
      socket.pause();
      if (said !== '') socket.write(said);
    }),
  );
}

test.each([
  ['nothing', ''],
  ['half a request', 'GET /v1/vms HTTP/1.1\r\nHost: a\r\nAuthor'],
  [
    'a body that does not come',
    'POST /v1/vms HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
  ],
])(`${PEERS} peers that have said %s keep nobody waiting, and no server from stopping`, async (_, said) => {
  await halfOpen(PEERS, said);

  const startedMs = performance.now();
  await server.client.capabilities();
  const answeredMs = performance.now() - startedMs;
  const stopping = performance.now();
  const code = await server.process.stop();

  expect(answeredMs).toBeLessThan(1_000);
  expect(code).toBe('0');
  expect(performance.now() - stopping).toBeLessThan(10_000);
});

test('followers of events that read nothing keep nobody waiting', async () => {
  const follow = `GET /v1/events?after=0 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${server.key}\r\nAccept: text/event-stream\r\n\r\n`;
  await halfOpen(20, follow);

  for (let i = 0; i < 20; i++) {
    const name = `vm-${i}`;
    await server.client.operations.finish((await server.client.vms.create({ name, memory_mib: 128, disk_gib: 1 })).id);
    await server.client.operations.finish((await server.client.vms.delete(name)).id);
  }

  const startedMs = performance.now();
  await server.client.capabilities();
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect(await server.process.stop()).toBe('0');
});
