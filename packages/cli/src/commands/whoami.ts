import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatMe } from '../users/format-user.ts';

/** `volary whoami`. */
export function configureWhoami(command: Command, context: Context): void {
  command.action(async () => {
    const me = await (await connect(context)).users.me();
    if (context.globals.json === true) printJson(context, me);
    else context.stdout.write(formatMe(me));
  });
}
