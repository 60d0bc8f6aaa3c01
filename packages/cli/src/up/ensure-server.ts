import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { stageFor } from '../operations/stage-for.ts';
import type { ServerOptions } from '../server/server-command.ts';
import { isServerStarting, type ServerFile } from '../server/server-file.ts';
import { findRunningServer, startServer } from '../server/start-server.ts';

const POLL_MS = 100;

export interface UsedServer {
  readonly server: ServerFile;
  /** True if it was started for this command. */
  readonly isOurs: boolean;
}

/** The server that uses the data directory: the one that runs, or a new one. */
export async function ensureServer(
  context: Context,
  options: ServerOptions & { readonly dataDir: string },
): Promise<UsedServer> {
  const running = await findRunningServer(options.dataDir);
  if (running !== null) return { server: running, isOurs: false };
  using stage = stageFor(context, 'Starting the server');
  try {
    const server = await startServer(options);
    stage?.succeed(`The server listens on ${server.url}`);
    return { server, isOurs: true };
  } catch (error) {
    // Another `up` may have been quicker: two servers on one data directory exclude each other.
    const other = await awaitOtherServer(options.dataDir);
    if (other !== null) return { server: other, isOurs: false };
    stage?.fail();
    throw error;
  }
}

/** The server that somebody else is starting on this data directory, when it takes work; null if nobody is. */
async function awaitOtherServer(dataDir: string): Promise<ServerFile | null> {
  for (;;) {
    const running = await findRunningServer(dataDir);
    if (running !== null || !(await isServerStarting(dataDir))) return running;
    await delay(POLL_MS);
  }
}
