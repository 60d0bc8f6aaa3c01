import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { execProgram } from '../exec-program.ts';
import { addListenOptions } from '../server/listen-options.ts';
import { type ServerOptions, serverCommand } from '../server/server-command.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'];

/** `volary serve`: the server in the foreground, until it is asked to end. Its VMs go on running. */
export function configureServe(command: Command, context: Context): void {
  addListenOptions(command)
    .addOption(
      new Option('--driver <driver>', 'what runs the VMs (VOLARY_DRIVER, default qemu)').choices([
        'qemu',
        'docker',
        'simulated',
      ]),
    )
    .option('--config <file>', 'settings of the server, as YAML')
    .addOption(new Option('--log-level <level>', 'what is logged (VOLARY_LOG_LEVEL, default info)').choices(LOG_LEVELS))
    .option(
      '--webhook-allowed-targets <list>',
      'additional targets for webhooks besides the internet: 10.0.0.0/8,hooks.lan:8443 (VOLARY_WEBHOOK_ALLOWED_TARGETS)',
    )
    .action((options: ServerOptions) => {
      const { dataDir } = context.globals;
      execProgram(serverCommand({ ...options, ...(dataDir === undefined ? {} : { dataDir }) }));
    });
}
