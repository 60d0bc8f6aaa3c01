import type { Command } from 'commander';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exec/exit-code.ts';
import { whileInSight } from '../exec/in-sight.ts';

const EXAMPLES = `
All that it has written is shown from its first byte, then what comes. Ctrl-C leaves it running; its exit code becomes ours.

Examples:
  id=$(volary exec -d first -- make test); volary attach $id`;

/** `volary attach EXECUTION`: its output, from the first byte to its end. */
export function configureAttach(command: Command, context: Context): void {
  command
    .argument('<execution>', 'its id: volary exec --detach and volary ps print it')
    .addHelpText('after', EXAMPLES)
    .action(async (id: string) => {
      const client = await connect(context);
      const session = await client.executions.attach(id);
      const execution = await whileInSight(id, async () => {
        if (context.globals.json === true) {
          const { printSessionAsJson } = await import('../exec/json-session.ts');
          return printSessionAsJson(context, session, { hasStdin: false });
        }
        for await (const { stream, bytes } of session.output) context[stream].write(bytes);
        return session.exit;
      });
      context.endWith(exitCodeOf(execution));
    });
}
