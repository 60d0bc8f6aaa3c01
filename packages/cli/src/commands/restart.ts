import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addChangeArguments, changeVms } from '../operations/change-vms.ts';
import { addStopOptions, type StopOptions, stopRequest } from '../operations/stop-options.ts';

/** `volary restart VM…` */
export function configureRestart(command: Command, context: Context): void {
  addStopOptions(addChangeArguments(command)).action((refs: readonly string[], options: StopOptions) =>
    changeVms(context, refs, options, ['Restarting', 'running'], (client, ref) =>
      client.vms.restart(ref, stopRequest(options)),
    ),
  );
}
