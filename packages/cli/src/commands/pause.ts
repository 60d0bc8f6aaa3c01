import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addChangeArguments, changeVms } from '../operations/change-vms.ts';

/** `volary pause VM…` */
export function configurePause(command: Command, context: Context): void {
  addChangeArguments(command).action((refs: readonly string[], options: { wait: boolean }) =>
    changeVms(context, refs, options, ['Pausing', 'paused'], (client, ref) => client.vms.pause(ref)),
  );
}
