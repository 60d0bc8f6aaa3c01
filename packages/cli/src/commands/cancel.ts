import type { VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';

/** `volary cancel OPERATION|VM`: ends a change that is not done yet; what it had half made is unmade. */
export function configureCancel(command: Command, context: Context): void {
  command
    .argument('<ref>', 'an operation (id), or a VM (name or id) to cancel its current operation')
    .action(async (ref: string) => {
      const client = await connect(context);
      const operation = await client.operations.cancel(ref.startsWith('op_') ? ref : await operationOn(client, ref));
      if (context.globals.json === true) printJson(context, operation);
      else context.stdout.write(`${operation.id}\n`);
    });
}

async function operationOn(client: VolaryClient, ref: string): Promise<string> {
  const vm = await client.vms.get(ref);
  if (vm.operation_id !== null) return vm.operation_id;
  throw new CliError(`Nothing is under way on ${ref}: it is ${vm.phase}.`, {
    exitCode: EXIT_CODES.precondition,
    reason: 'cli.nothing_under_way',
    hint: `see what it did: volary events --vm ${ref}`,
  });
}
