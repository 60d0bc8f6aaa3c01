import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { guestLinkContract } from '../../../ports/guest-link.contract.ts';
import type { GuestLinkSubject } from '../../../ports/guest-link-contract/subject.contract.ts';
import { createAgentLink } from './agent-link.ts';
import { startAgent } from './fixtures/agent-process.fixture.ts';
import { realLinkDeps } from './fixtures/link-deps.fixture.ts';

guestLinkContract({
  name: 'the link to a real agent',
  make,
  skip: [
    {
      reason: 'an agent that is an ordinary process prepares nothing',
      tests: ['a guest that runs a command is not prepared, and goes on'],
    },
    {
      reason: 'an agent that is an ordinary process leaves the machine alone',
      tests: ['the guest says what it has in use, as often as it is asked'],
    },
  ],
});

async function make(): Promise<GuestLinkSubject> {
  const agent = await startAgent();
  const link = await createAgentLink(realLinkDeps(), {
    openTransport: () => agent.connect(),
    linkKey: randomBytes(16),
    signal: new AbortController().signal,
  });
  const echo = await startEchoServer();
  const directory = `${agent.directory}/guest`;
  await mkdir(directory);
  return {
    link,
    directory,
    echoPort: echo.port,
    async [Symbol.asyncDispose]() {
      await link[Symbol.asyncDispose]();
      echo.server.close();
      await agent[Symbol.asyncDispose]();
    },
  };
}

async function startEchoServer(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the echo server has no port');
  return { server, port: address.port };
}
