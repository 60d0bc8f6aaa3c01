import type { UpdateVmRequest } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { addLifeOptions, type LifeOptions, lifeRequest } from '../operations/life-options.ts';
import { addSecretOption, type SecretOptions, secretsRequest } from '../secrets/given-secrets.ts';

type UpdateOptions = LifeOptions & { readonly secret?: SecretOptions['secret'] | false };

/** `volary update VM`: changes when it is suspended or deleted by itself, or what it is given, and prints its name. */
export function configureUpdate(command: Command, context: Context): void {
  addSecretOption(addLifeOptions(command.argument('<vm>', 'name or id')))
    .option('--no-secret', 'give it no secrets any more')
    .action((vm: string, options: UpdateOptions) => update(context, vm, requestOf(options)));
}

/** What was given of secrets takes the place of all that it was given before. */
function requestOf({ secret, ...life }: UpdateOptions): UpdateVmRequest {
  if (secret === false) return { ...lifeRequest(life), secrets: [] };
  return { ...lifeRequest(life), ...(secret === undefined ? {} : secretsRequest({ secret })) };
}

async function update(context: Context, ref: string, change: UpdateVmRequest): Promise<void> {
  if (Object.keys(change).length === 0)
    throw usageError('Say what is to change: --ttl, --auto-suspend, --auto-wake, --secret.');
  const client = await connect(context);
  const vm = await client.vms.update(ref, change);
  if (context.globals.json === true) printJson(context, vm);
  else context.stdout.write(`${vm.name}\n`);
}
