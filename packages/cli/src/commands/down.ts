import type { Command } from 'commander';
import { type Context, printJson } from '../context.ts';
import { dataDirectory } from '../paths.ts';
import { stopServer } from '../server/stop-server.ts';

/** `volary down`: ends the server of the data directory. Its VMs go on running, and the next server adopts them. */
export function configureDown(command: Command, context: Context): void {
  command.action(async () => {
    const server = await stopServer(dataDirectory(context.globals.dataDir, context.env));
    if (context.globals.json === true) printJson(context, { stopped: server !== null, url: server?.url ?? null });
    else if (server === null) context.stdout.write('No server runs here.\n');
    else context.stdout.write(`The server at ${server.url} has ended. VMs that run go on running.\n`);
  });
}
