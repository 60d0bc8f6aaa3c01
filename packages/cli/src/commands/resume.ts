import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addChangeArguments, changeVms } from '../operations/change-vms.ts';

/** `volary resume VM…` */
export function configureResume(command: Command, context: Context): void {
  addChangeArguments(command).action((refs: readonly string[], options: { wait: boolean }) =>
    changeVms(context, refs, options, ['Resuming', 'running'], (client, ref) => client.vms.resume(ref)),
  );
}
