import type { ConfigChanges, Vm } from '@volary/contract';
import type { UpdateOptions, VolaryClient } from '@volary/sdk';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { finishOperation } from '../operations/finish-operation.ts';

/** How a change of a VM's settings comes to its machine. */
export interface ApplyOptions {
  readonly apply?: 'live' | 'restart' | 'next-start';
  readonly wait: boolean;
}

/** Adds the options of commands that change how a VM is set. */
export function addApplyOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--apply <how>',
        'live (default): give its machine while it runs what it can be given; restart: restart it if it lacks anything; next-start: leave it as it is until then',
      ).choices(['live', 'restart', 'next-start']),
    )
    .option('--no-wait', 'do not wait until the change has taken effect', true);
}

/** Asks for the change, waits for what it brings about, says what takes a restart, and returns the VM as it is then. */
export async function applyChange(
  context: Context,
  client: VolaryClient,
  { apply, wait }: ApplyOptions,
  ask: (options: UpdateOptions) => Promise<Vm>,
): Promise<Vm> {
  const changed = await ask(apply === undefined ? {} : { apply });
  const vm = wait ? await finish(context, client, changed) : changed;
  if (vm.restart_required) {
    const lacking = formatChanges(vm.pending_changes);
    context.stderr.write(`It takes a restart to have ${lacking}: volary restart ${vm.name}\n`);
  }
  return vm;
}

/** `vcpus: 2 -> 4, labels.team: - -> blue`. */
export function formatChanges(changes: ConfigChanges): string {
  return Object.entries(changes)
    .map(([path, change]) => `${path}: ${formatValue(change.old)} -> ${formatValue(change.new)}`)
    .join(', ');
}

/** What something else began, as a start, takes the change along: its own command waits for that. */
async function finish(context: Context, client: VolaryClient, vm: Vm): Promise<Vm> {
  if (vm.operation_id === null || (vm.phase !== 'updating' && vm.phase !== 'restarting')) return vm;
  const operation = await client.operations.get(vm.operation_id);
  const isRestart = vm.phase === 'restarting';
  await finishOperation(context, client, operation, {
    doing: `${isRestart ? 'Restarting' : 'Changing'} ${vm.name}`,
    done: isRestart ? `${vm.name} is running` : `${vm.name} is changed`,
  });
  return await client.vms.get(vm.id);
}

function formatValue(value: unknown): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
