import { once } from 'node:events';
import type { VolaryClient } from '@volary/sdk';
import type { Context } from '../context.ts';
import { formatEvent } from '../output/event-line.ts';
import { programName } from '../paths.ts';
import { stopServer } from '../server/stop-server.ts';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Shows what happens until we are asked to end; then ends the server too. Its VMs go on running. */
export async function stayUntilAsked(context: Context, client: VolaryClient, dataDir: string): Promise<void> {
  const program = programName(context.env);
  const asked = new AbortController();
  const ask = (): void => asked.abort();
  for (const signal of ENDING) process.on(signal, ask);
  context.stderr.write(`\nThe server runs until Ctrl-C (${program} up --detach leaves it running). What happens:\n`);
  try {
    await Promise.race([showEvents(context, client, asked.signal), once(asked.signal, 'abort')]);
  } finally {
    await stopServer(dataDir);
    context.stderr.write(`\nThe server has ended. VMs that run go on running; the next ${program} up finds them.\n`);
    for (const signal of ENDING) process.off(signal, ask);
  }
}

async function showEvents(context: Context, client: VolaryClient, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of client.events.follow({}, { signal }))
      context.stderr.write(formatEvent(context.stderr, event));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
