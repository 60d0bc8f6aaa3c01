import type { VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { collectPairs } from '../parse-values.ts';

export interface LabelOptions {
  readonly label?: Readonly<Record<string, string>>;
}

/** Adds `--label` to a command that makes something, or changes it (`isChange`). */
export function addLabelOption(command: Command, { isChange = false } = {}): Command {
  const what = isChange ? 'a label; the given ones replace all its labels' : 'a label; may be repeated';
  return command.option('-l, --label <key=value>', what, collectPairs);
}

/** The same for a request; what is not said is not asked. */
export function labelsOf({ label }: LabelOptions): { readonly labels?: Record<string, string> } {
  return label === undefined ? {} : { labels: { ...label } };
}

/** Adds `update` to the command of what is changed in its labels alone, by its name. */
export function addLabelUpdate(
  command: Command,
  context: Context,
  what: string,
  update: (
    client: VolaryClient,
    name: string,
    change: ReturnType<typeof labelsOf>,
  ) => Promise<{ readonly name: string }>,
): void {
  addLabelOption(command.command('update').description(`give ${what} other labels`), { isChange: true })
    .argument('<name>', 'its name')
    .action(async (name: string, options: LabelOptions) => {
      const change = labelsOf(options);
      if (change.labels === undefined) throw usageError('Say what to change.', `volary help ${command.name()}`);
      const changed = await update(await connect(context), name, change);
      if (context.globals.json === true) printJson(context, changed);
      else context.stdout.write(`${changed.name}\n`);
    });
}
