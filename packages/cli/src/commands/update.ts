import type { UpdateVmRequest } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { addLifeOptions, type LifeOptions, lifeRequest } from '../operations/life-options.ts';

/** `volary update VM`: changes when it is suspended or deleted by itself, and prints its name. */
export function configureUpdate(command: Command, context: Context): void {
  addLifeOptions(command.argument('<vm>', 'name or id')).action((vm: string, options: LifeOptions) =>
    update(context, vm, lifeRequest(options)),
  );
}

async function update(context: Context, ref: string, change: UpdateVmRequest): Promise<void> {
  if (Object.keys(change).length === 0) throw usageError('Say what is to change: --ttl, --auto-suspend, --auto-wake.');
  const client = await connect(context);
  const vm = await client.vms.update(ref, change);
  if (context.globals.json === true) printJson(context, vm);
  else context.stdout.write(`${vm.name}\n`);
}
