import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { execProgram } from '../exec-program.ts';
import { vmApiDirectory } from '../paths.ts';
import { serverCommand } from '../server/server-command.ts';

interface VmApiOptions {
  readonly listen: string;
  readonly driver?: string;
  readonly config?: string;
  readonly devAuth?: true;
}

const DATABASE = 'vm.db';
/** For `volary ssh` and its like, which find it by the data directory. */
const MAIN_LISTENER = '127.0.0.1:0';

/** `volary vm-api`: the server in the foreground, with nothing but that dialect at its address. */
export function configureVmApi(command: Command, context: Context): void {
  command
    .option('--listen <host:port>', 'where vm-api listens', ':3000')
    .addOption(
      new Option('--driver <driver>', 'what runs the VMs (VOLARY_DRIVER, default qemu)').choices([
        'qemu',
        'docker',
        'simulated',
      ]),
    )
    .option('--config <file>', 'settings of the server, as YAML')
    .option('--dev-auth', 'accept the header x-user from everybody: for development')
    .addHelpText('after', `\nIts database is ${vmApiDirectory()}/${DATABASE}, unless --data-dir says where.`)
    .action(({ listen, ...options }: VmApiOptions) => {
      const dataDir = context.globals.dataDir ?? vmApiDirectory();
      execProgram(
        serverCommand({ ...options, dataDir, database: DATABASE, listen: [MAIN_LISTENER, `vm-api=${listen}`] }),
      );
    });
}
