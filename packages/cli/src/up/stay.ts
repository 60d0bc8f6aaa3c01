import type { VolaryClient } from '@volary/sdk';
import type { Context } from '../context.ts';
import { formatEvent } from '../output/event-line.ts';
import { programName } from '../paths.ts';
import { stopServer } from '../server/stop-server.ts';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Shows what happens until we are asked to end; then ends the server too. Its VMs go on running. */
export async function stayUntilAsked(context: Context, client: VolaryClient, dataDir: string): Promise<void> {
  const program = programName(context.env);
  const asked = Promise.withResolvers<'asked'>();
  const ask = (): void => asked.resolve('asked');
  for (const signal of ENDING) process.on(signal, ask);
  context.stderr.write(`\nThe server runs until Ctrl-C (${program} up --detach leaves it running). What happens:\n`);
  try {
    await Promise.race([showEvents(context, client), asked.promise]);
  } finally {
    await stopServer(dataDir); // which ends the stream of events too
    context.stderr.write(`\nThe server has ended. VMs that run go on running; the next ${program} up finds them.\n`);
    for (const signal of ENDING) process.off(signal, ask);
  }
}

async function showEvents(context: Context, client: VolaryClient): Promise<void> {
  for await (const event of client.events.follow()) context.stderr.write(formatEvent(context.stderr, event));
}
