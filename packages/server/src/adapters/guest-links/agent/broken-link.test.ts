import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { kill } from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { bytesOf, readToEnd, shell } from '../../../ports/guest-link-contract/subject.contract.ts';
import { createAgentLink } from './agent-link.ts';
import { type AgentProcess, startAgent } from './fixtures/agent-process.fixture.ts';
import { type CuttingProxy, type Direction, type Fault, startCuttingProxy } from './fixtures/cutting-proxy.fixture.ts';
import { realLinkDeps } from './fixtures/link-deps.fixture.ts';

/*
 * A real agent behind a real proxy that breaks the connection, or loses bytes, at each byte of what a command says and
 * hears. Whatever is lost, its input and output come whole, and once, and it is started once.
 */

const linkKey = randomBytes(16);
const options = { signal: new AbortController().signal };
const INPUT = 'to be read by the command\n';
let agent: AgentProcess;
let proxy: CuttingProxy;

beforeAll(async () => {
  agent = await startAgent();
  (await agent.connect()).destroy();
  proxy = await startCuttingProxy(`${agent.directory}/proxy.sock`, agent.socketPath);
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await agent[Symbol.asyncDispose]();
});

function openLink(): Promise<GuestLink> {
  return createAgentLink(realLinkDeps(), { openTransport: () => proxy.connect(), linkKey, signal: options.signal });
}

/** Runs one command over a link that suffers the fault, and looks at all that came of it. */
async function runBroken(fault: Fault | null, { isWatched = false } = {}): Promise<void> {
  const journal = `${agent.directory}/${randomUUID()}`;
  const request = shell(`echo started >> ${journal}; cat; echo to standard error >&2; exit 9`, { hasStdin: true });
  proxy.damageNext(fault);
  await using link = await openLink();

  const done = new AbortController();
  const watching = isWatched ? keepPinging(link, done.signal) : null;
  const process = await link.exec(idFromUuid('exec', randomUUID()), request, options);
  await process.writeStdin(bytesOf(INPUT));
  await process.closeStdin();
  const ran = await readToEnd(process);
  const size = (await link.stat(journal, { ...options, followLinks: false })).sizeBytes;
  done.abort();
  await watching;

  expect(ran).toMatchObject({ stdout: INPUT, stderr: 'to standard error\n', exit: { exitCode: 9, signal: null } });
  expect(await readFile(journal, 'utf8')).toBe('started\n');
  expect(size).toBe('started\n'.length);
}

/** Asks again and again whether the agent is there, as whoever watches a guest's health does. */
async function keepPinging(link: GuestLink, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await link.ping({ timeoutMs: 50 });
    } catch (error) {
      expect(error).toMatchObject({ code: 'deadline_exceeded', reason: 'guest.silent' });
    }
  }
}

async function lengthOf(direction: Direction): Promise<number> {
  await runBroken(null);
  return proxy.counts()[direction];
}

test.each(['to-guest', 'to-host'] as const)(
  'a connection that is cut after any number of bytes %s loses nothing and doubles nothing',
  { timeout: 120_000 },
  async (direction) => {
    const length = await lengthOf(direction);
    expect(length).toBeGreaterThan(200);

    for (let afterBytes = 0; afterBytes <= length; afterBytes++) {
      await runBroken({ direction, afterBytes, kind: { name: 'cut' } });
    }
  },
);

test('bytes from the guest that are lost without a word are noticed and made up for', {
  timeout: 120_000,
}, async () => {
  const length = await lengthOf('to-host');

  for (let afterBytes = 0; afterBytes <= length; afterBytes += 17) {
    await runBroken({ direction: 'to-host', afterBytes, kind: { name: 'lose', bytes: 3 } }, { isWatched: true });
  }
});

test('bytes to the guest that are lost without a word are made up for once a ping is not answered', {
  timeout: 120_000,
}, async () => {
  const length = await lengthOf('to-guest');

  for (let afterBytes = 0; afterBytes <= length; afterBytes += 23) {
    await runBroken({ direction: 'to-guest', afterBytes, kind: { name: 'lose', bytes: 3 } }, { isWatched: true });
  }
});

test('an agent that was killed takes its commands with it, and the link goes on with the next one', async () => {
  await using own = await startAgent();
  const connections = { to: own };
  await using link = await createAgentLink(realLinkDeps(), {
    openTransport: () => connections.to.connect(),
    linkKey,
    signal: options.signal,
  });
  const process = await link.exec(idFromUuid('exec', randomUUID()), shell('sleep 60', { hasStdin: true }), options);
  const reading = readToEnd(process);
  reading.catch(() => undefined);
  await using next = await startAgent();

  connections.to = next;
  kill(own.pid, 'SIGKILL');

  await expect(reading).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
  await expect(process.exit).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
  expect(await link.stat(next.directory, { ...options, followLinks: true })).toMatchObject({ type: 'directory' });
  kill(process.pid, 'SIGKILL');
});
