import type { UpdateVmRequest, VmRestartPolicy } from '@volary/contract';
import { type Command, Option } from 'commander';
import { type ApplyOptions, addApplyOptions, applyChange } from '../config/apply-change.ts';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { type AlertOptions, addAlertOptions, alertRequest } from '../operations/alert-options.ts';
import { addLifeOptions, type LifeOptions, lifeRequest } from '../operations/life-options.ts';
import { addNetworkOptions, type NetworkOptions, networkRequest } from '../operations/network-options.ts';
import { collectList, collectPairs, parseCount, parseDiskGib, parseMemoryMib } from '../parse-values.ts';
import { addSecretOption, type SecretOptions, secretsRequest } from '../secrets/given-secrets.ts';

interface UpdateOptions extends LifeOptions, AlertOptions, ApplyOptions, NetworkOptions {
  readonly name?: string;
  readonly vcpus?: number;
  readonly memory?: number;
  readonly disk?: number;
  readonly tool?: readonly string[];
  readonly restart?: VmRestartPolicy;
  readonly label?: Readonly<Record<string, string>>;
  readonly unlabel?: readonly string[];
  readonly secret?: SecretOptions['secret'] | false;
}

/** `volary update VM`: changes how it is set, and prints its name when its machine has what it can be given. */
export function configureUpdate(command: Command, context: Context): void {
  const changing = addNetworkOptions(
    addSecretOption(addAlertOptions(addLifeOptions(command.argument('<vm>', 'name or id')))),
  )
    .option('--no-secret', 'remove all its secrets')
    .option('--name <name>', 'its new name; the guest gets it at its next start')
    .option('--vcpus <n>', 'virtual CPUs', parseCount(1))
    .option('--memory <size>', 'memory, such as 512 (MiB), 512m or 2g', parseMemoryMib)
    .option('--disk <size>', 'size of its disk, such as 8 (GiB), 20g or 1t; it only grows', parseDiskGib)
    .option(
      '--tool <name[@range]>',
      'a tool for it, for example nodejs@20; may be repeated; replaces all its tools',
      collectList,
    )
    .addOption(
      new Option('--restart <policy>', 'start it again when its machine ends by itself').choices([
        'always',
        'on-failure',
        'never',
      ]),
    )
    .option('-l, --label <key=value>', 'a label; may be repeated', collectPairs)
    .option('--unlabel <key>', 'remove a label; may be repeated', collectList);
  addApplyOptions(changing).action((vm: string, options: UpdateOptions) => update(context, vm, options));
}

async function update(context: Context, ref: string, options: UpdateOptions): Promise<void> {
  const change = requestOf(options);
  if (Object.keys(change).length === 0)
    throw usageError(
      'Say what is to change: --vcpus, --memory, --disk, --label, --ttl …; volary help update lists all.',
    );
  const client = await connect(context);
  const vm = await applyChange(context, client, options, (applying) => client.vms.update(ref, change, applying));
  if (context.globals.json === true) printJson(context, vm);
  else context.stdout.write(`${vm.name}\n`);
}

/** What was given of secrets takes the place of all that it was given before. */
function requestOf(options: UpdateOptions): UpdateVmRequest {
  const { name, vcpus, memory, disk, tool, restart, label, unlabel = [], secret } = options;
  const removed = Object.fromEntries(unlabel.map((key) => [key, null]));
  const isLabelled = label !== undefined || unlabel.length > 0;
  return {
    ...(name === undefined ? {} : { name }),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memory === undefined ? {} : { memory_mib: memory }),
    ...(disk === undefined ? {} : { disk_gib: disk }),
    ...(tool === undefined ? {} : { tools: [...tool] }),
    ...networkRequest(options),
    ...(restart === undefined ? {} : { restart_policy: restart }),
    ...(isLabelled ? { labels: { ...removed, ...label } } : {}),
    ...lifeRequest(options),
    ...alertRequest(options),
    ...(secret === false ? { secrets: [] } : secret === undefined ? {} : secretsRequest({ secret })),
  };
}
