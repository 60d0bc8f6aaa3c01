import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addChangeArguments, changeVms } from '../operations/change-vms.ts';
import { addStopOptions, type StopOptions, stopRequest } from '../operations/stop-options.ts';

/** `volary stop VM…` */
export function configureStop(command: Command, context: Context): void {
  addStopOptions(addChangeArguments(command)).action((refs: readonly string[], options: StopOptions) =>
    changeVms(context, refs, options, ['Stopping', 'stopped'], (client, ref) =>
      client.vms.stop(ref, stopRequest(options)),
    ),
  );
}
