import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { finishOperation } from '../operations/finish-operation.ts';

/** `volary restore VM SNAPSHOT`: prints the VM's name when it runs again. */
export function configureRestore(command: Command, context: Context): void {
  command
    .argument('<vm>', 'name or id; its current state is lost')
    .argument('<snapshot>', 'name or id of the snapshot')
    .option('--no-wait', 'do not wait until it runs', true)
    .action((vm: string, snapshot: string, options: { readonly wait: boolean }) =>
      restore(context, { vm, snapshot, ...options }),
    );
}

async function restore(
  context: Context,
  { vm, snapshot, wait }: { readonly vm: string; readonly snapshot: string; readonly wait: boolean },
): Promise<void> {
  const client = await connect(context);
  const accepted = await client.vms.restore(vm, { snapshot });
  const { subject } = accepted;
  const titles = { doing: `Restoring ${subject.name} from ${snapshot}`, done: `${subject.name} is running` };
  if (wait) await finishOperation(context, client, accepted, titles);
  if (context.globals.json === true) printJson(context, wait ? await client.vms.get(subject.id ?? vm) : accepted);
  else context.stdout.write(`${wait ? subject.name : accepted.id}\n`);
}
