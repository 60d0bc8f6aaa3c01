import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event, Vm } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { type DriverName, type ServerProcess, startServer } from '../server-process.ts';

/** A real server on a data directory of its own. Disposing deletes its VMs, ends it and removes everything. */
export interface RunningServer extends AsyncDisposable {
  readonly dataDir: string;
  readonly process: ServerProcess;
  readonly client: VolaryClient;
  readonly url: string;
  readonly key: string;
}

/** `dataDir`: default a new temporary directory; a given one is left to the caller. */
export async function runServer(driver: DriverName, dataDir?: string): Promise<RunningServer> {
  const directory = dataDir === undefined ? mkdtempSync(join(tmpdir(), 'fault-')) : null;
  // A virtual machine monitor runs as a user of its own, and has to get through to its run directory.
  if (directory !== null) chmodSync(directory, 0o711);
  const own = dataDir ?? join(directory ?? '', 'data');
  const server = startServer({ dataDir: own, driver });
  const client = await server.ready();
  if (client === null) throw new Error(`the server ended at its start: ${await server.died}`);
  return {
    dataDir: own,
    process: server,
    client,
    url: String(JSON.parse(readFileSync(join(own, 'server.json'), 'utf8')).url),
    key: readFileSync(join(own, 'admin.key'), 'utf8').trim(),
    async [Symbol.asyncDispose]() {
      try {
        if (!server.isDead())
          for await (const { id } of client.vms.listAll())
            await client.operations.finish((await client.vms.delete(id)).id);
        await server.stop();
      } finally {
        await server.kill();
        if (directory !== null) rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

/** A new VM that runs. */
export async function createRunning(client: VolaryClient, name: string): Promise<Vm> {
  const { id } = await client.vms.create({ name, memory_mib: 192 });
  await client.operations.finish(id);
  return await client.vms.get(name);
}

/** The first event from now on that is as wanted; `act` is begun once the log is being followed. */
export async function eventAfter(
  client: VolaryClient,
  act: () => unknown,
  isWanted: (event: Event) => boolean,
  withinMs: number,
): Promise<{ readonly event: Event; readonly afterMs: number }> {
  const last = (await lastSequence(client)) ?? 0;
  const signal = AbortSignal.timeout(withinMs);
  const following = client.events.follow({ after: last }, { signal });
  const startedMs = performance.now();
  await act();
  for await (const event of following) if (isWanted(event)) return { event, afterMs: performance.now() - startedMs };
  throw new Error('the events have ended');
}

async function lastSequence(client: VolaryClient): Promise<number | undefined> {
  let after = 0;
  for (;;) {
    const { items } = await client.events.list({ after, limit: 200 });
    const last = items.at(-1)?.sequence;
    if (last === undefined) return after;
    after = last;
  }
}
