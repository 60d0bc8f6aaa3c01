import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addChangeArguments, changeVms } from '../operations/change-vms.ts';

/** `volary start VM…` */
export function configureStart(command: Command, context: Context): void {
  addChangeArguments(command).action((refs: readonly string[], options: { wait: boolean }) =>
    changeVms(context, refs, options, ['Starting', 'running'], (client, ref) => client.vms.start(ref)),
  );
}
