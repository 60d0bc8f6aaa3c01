import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatTable } from '../output/table.ts';
import { findMachine } from '../ssh/find-machine.ts';

const EXAMPLES = `
As the guest itself tells it. What is reachable can be forwarded: volary port-forward NAME PORT.

Examples:
  volary ports first`;

/** `volary ports VM`: what listens in it. */
export function configurePorts(command: Command, context: Context): void {
  command
    .argument('<vm>', 'name or id of a workspace or a VM')
    .addHelpText('after', EXAMPLES)
    .action(async (ref: string) => {
      const client = await connect(context);
      const { items } = await client.ports.list((await findMachine(client, ref)).ref);
      if (context.globals.json === true) {
        printJson(context, { items });
        return;
      }
      const rows = items.map(({ port, protocol, address, reachable }) => [
        String(port),
        protocol,
        address,
        reachable ? 'yes' : 'no',
      ]);
      context.stdout.write(formatTable(['PORT', 'PROTOCOL', 'ADDRESS', 'REACHABLE'], rows));
    });
}
