import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { parseDurationMs } from '../parse-values.ts';

interface KillOptions {
  readonly signal?: string;
  readonly grace: number;
}

/** `volary kill EXECUTION`: ends a command and its children, or sends them one signal. */
export function configureKill(command: Command, context: Context): void {
  command
    .argument('<execution>', 'its id: volary exec --detach and volary ps print it')
    .option('-s, --signal <name>', 'only send this signal, for example HUP, and do not wait')
    .addOption(
      new Option('--grace <time>', 'how long it may take to end before it is killed, such as 10s')
        .argParser(parseDurationMs)
        .default(5_000, '5s'),
    )
    .action(async (id: string, { signal, grace }: KillOptions) => {
      const client = await connect(context);
      if (signal !== undefined) return await client.executions.signal(id, toSignalName(signal));
      const execution = await client.executions.cancel(id, { graceMs: grace });
      if (context.globals.json === true) printJson(context, execution);
    });
}

/** Signals may be named as `kill` of a shell has it: without the first three letters, in any case. */
function toSignalName(text: string): string {
  const name = text.toUpperCase();
  return name.startsWith('SIG') ? name : `SIG${name}`;
}
