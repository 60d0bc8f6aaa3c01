import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GuestConnection, GuestLink } from '../../../ports/guest-link.ts';
import { createAgentLink } from './agent-link.ts';
import { type AgentProcess, startAgent } from './fixtures/agent-process.fixture.ts';
import { realLinkDeps } from './fixtures/link-deps.fixture.ts';

/* How connections by way of a real agent end, as their server sees it. */

const options = { signal: new AbortController().signal };

let agent: AgentProcess;
let link: GuestLink;
let server: Server;

beforeEach(async () => {
  agent = await startAgent();
  link = await createAgentLink(realLinkDeps(), {
    openTransport: () => agent.connect(),
    linkKey: randomBytes(16),
    signal: options.signal,
  });
  server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await link[Symbol.asyncDispose]();
  server.close();
  await agent[Symbol.asyncDispose]();
});

async function connect(): Promise<{ readonly connection: GuestConnection; readonly socket: Socket }> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const accepted = once(server, 'connection');
  const connection = await link.connect({ host: '', port: address.port }, options);
  const [socket]: Socket[] = await accepted;
  if (socket === undefined) throw new Error('nobody has connected');
  return { connection, socket };
}

/** All bytes up to the end, or the error instead of an end. */
async function readAll(socket: Socket): Promise<Buffer | string> {
  const parts: Buffer[] = [];
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) parts.push(bytes);
    return Buffer.concat(parts);
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    socket.destroy();
  }
}

describe('the end of a connection', () => {
  it('is no end for its server, but a reset, where it was let go of before', async () => {
    const { connection, socket } = await connect();
    await connection.write(Buffer.from('half of it'));

    await connection[Symbol.asyncDispose]();

    expect(await readAll(socket)).toBe('ECONNRESET');
  });

  it('is an end where it was ended before', async () => {
    const { connection, socket } = await connect();
    await connection.write(Buffer.from('all of it'));
    await connection.end();
    await connection[Symbol.asyncDispose]();

    expect(String(await readAll(socket))).toBe('all of it');
  });

  it('waits for a slow server to take everything, when both have ended', async () => {
    const { connection, socket } = await connect();
    const all = randomBytes(8 * 1024 * 1024);
    socket.end('bye');
    const said: Buffer[] = [];
    const heard = (async () => {
      for await (const bytes of connection.input) said.push(Buffer.from(bytes));
    })();
    const written = Promise.all([connection.write(all), connection.end()]);
    await heard;
    // Not read by now but for what fits into the kernel's buffers: the rest is on its way.
    const got = readAll(socket);
    await written;
    await connection[Symbol.asyncDispose]();

    expect(Buffer.concat(said).toString()).toBe('bye');
    expect(Buffer.isBuffer(await got) && all.equals(Buffer.from(await got))).toBe(true);
  });

  it('is told to its client where the server breaks off', async () => {
    const { connection, socket } = await connect();
    await connection.write(Buffer.from('x'));
    socket.resetAndDestroy();

    const read = (async () => {
      for await (const _ of connection.input);
    })();

    await expect(read).rejects.toMatchObject({ reason: 'guest.refused', details: { errno: 'ECONNRESET' } });
  });
});
