import type { Command } from 'commander';

export interface SelectorOptions {
  readonly selector?: string;
}

/** Adds `--selector` to a command that lists what has labels. */
export function addSelectorOption(command: Command): Command {
  return command.option('--selector <selector>', "only those with such labels: 'a=b,c!=d,e in (f,g),!h'");
}

/** The same for the query of a list. */
export function selectorQuery({ selector }: SelectorOptions): SelectorOptions {
  return selector === undefined ? {} : { selector };
}
