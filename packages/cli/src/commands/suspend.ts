import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addChangeArguments, changeVms } from '../operations/change-vms.ts';

/** `volary suspend VM…` */
export function configureSuspend(command: Command, context: Context): void {
  addChangeArguments(command).action((refs: readonly string[], options: { wait: boolean }) =>
    changeVms(context, refs, options, ['Suspending', 'suspended'], (client, ref) => client.vms.suspend(ref)),
  );
}
