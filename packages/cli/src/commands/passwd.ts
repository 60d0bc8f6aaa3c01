import type { Command } from 'commander';
import { openQuestions } from '../ask.ts';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';

/** `volary passwd` */
export function configurePasswd(command: Command, context: Context): void {
  command
    .addHelpText('after', '\nBoth passwords are asked for, or read from the first two lines of the input.')
    .action(() => run(context));
}

async function run(context: Context): Promise<void> {
  const client = await connect(context);
  using questions = openQuestions(context);
  const current = await questions.askSecret('Current password: ');
  const fresh = await questions.askSecret('New password: ');
  if (questions.isTerminal && fresh !== (await questions.askSecret('The new one again: '))) {
    throw usageError('The two new passwords are not the same.');
  }
  await client.auth.changePassword({ current_password: current, new_password: fresh });
  if (context.globals.json === true) printJson(context, { changed: true });
  else context.stderr.write('The password is changed; your other sessions have ended.\n');
}
