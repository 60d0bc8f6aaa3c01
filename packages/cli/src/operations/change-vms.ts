import type { AcceptedOperation } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { reportError } from '../report-error.ts';
import { finishOperation } from './finish-operation.ts';

/** How one change is called: `['Stopping', 'stopped']`. */
export type Words = readonly [doing: string, done: string];

interface ChangeOptions {
  readonly wait: boolean;
}

/** Adds what every command that changes VMs has: their names, and `--no-wait`. */
export function addChangeArguments(command: Command): Command {
  return command.argument('<vm...>', 'names or ids').option('--no-wait', 'do not wait until it is done', true);
}

/**
 * Asks for a change of each VM, then waits for all of them; they are carried out side by side. One that fails does not
 * keep the others from it; the exit code is that of the first that failed.
 */
export async function changeVms(
  context: Context,
  refs: readonly string[],
  options: ChangeOptions,
  [doing, done]: Words,
  change: (client: VolaryClient, ref: string) => Promise<AcceptedOperation>,
): Promise<void> {
  const client = await connect(context);
  const requests = await Promise.allSettled([...new Set(refs)].map((ref) => change(client, ref)));
  const items = [];
  let exitCode = 0;
  for (const request of requests) {
    try {
      if (request.status === 'rejected') throw request.reason;
      const { subject } = request.value;
      const titles = { doing: `${doing} ${subject.name}`, done: `${subject.name} is ${done}` };
      items.push(options.wait ? await finishOperation(context, client, request.value, titles) : request.value);
      if (context.globals.json !== true) context.stdout.write(`${options.wait ? subject.name : request.value.id}\n`);
    } catch (error) {
      const code = reportError(error, context);
      exitCode ||= code;
    }
  }
  if (context.globals.json === true) printJson(context, { items });
  context.endWith(exitCode);
}
