import type { Command } from 'commander';
import { collectPairs } from '../parse-values.ts';

export interface LabelOptions {
  readonly label?: Readonly<Record<string, string>>;
}

/** Adds `--label` to a command that makes something, or changes it (`isChange`). */
export function addLabelOption(command: Command, { isChange = false } = {}): Command {
  const what = isChange ? 'a label; all of them take the place of those that it has' : 'a label; may be repeated';
  return command.option('-l, --label <key=value>', what, collectPairs);
}

/** The same for a request; what is not said is not asked. */
export function labelsOf({ label }: LabelOptions): { readonly labels?: Record<string, string> } {
  return label === undefined ? {} : { labels: { ...label } };
}
