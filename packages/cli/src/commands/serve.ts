import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { DEFAULT_LISTEN } from '../endpoint.ts';
import { execProgram } from '../exec-program.ts';
import { type ServerOptions, serverCommand } from '../server/server-command.ts';

/** Options of every command that starts a server. */
export function addServerOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--driver <driver>', 'what runs the VMs (VOLARY_DRIVER, default qemu)').choices(['qemu', 'simulated']),
    )
    .option('--listen <host:port>', `address to listen on (VOLARY_LISTEN, default ${DEFAULT_LISTEN})`)
    .option('--config <file>', 'settings of the server, as YAML');
}

/** `volary serve`: the server in the foreground, until it is asked to end. Its VMs go on running. */
export function configureServe(command: Command, context: Context): void {
  addServerOptions(command).action((options: ServerOptions) => {
    const { dataDir } = context.globals;
    execProgram(serverCommand({ ...options, ...(dataDir === undefined ? {} : { dataDir }) }));
  });
}
