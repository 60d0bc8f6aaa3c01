import type { Command, Option } from 'commander';

/** What a shell can complete of one command. */
export interface Completable {
  /** `image ls`, `template warm ls`: the words that lead to it; empty for the program itself. */
  readonly path: string;
  readonly summary: string;
  readonly options: readonly { readonly flag: string; readonly summary: string; readonly takesValue: boolean }[];
  /** What its first argument is. */
  readonly argument: 'vm' | 'template' | 'file' | 'command' | 'none';
}

/** Arguments that are a VM's name, by the name they have in the help. */
const VM_ARGUMENTS: ReadonlySet<string> = new Set(['vm', 'ref']);
const FILE_ARGUMENTS: ReadonlySet<string> = new Set(['source', 'target']);
const TEMPLATE_ARGUMENT = 'template';

/** The program and all its commands, in the order of the help. */
export function describeCommands(program: Command): readonly Completable[] {
  return [
    describe(program, ''),
    ...program.commands.flatMap((command) => describeWithChildren(command, command.name())),
  ];
}

function describeWithChildren(command: Command, path: string): readonly Completable[] {
  const children = command.commands.flatMap((child) => describeWithChildren(child, `${path} ${child.name()}`));
  return [describe(command, path), ...children];
}

function describe(command: Command, path: string): Completable {
  return {
    path,
    summary: command.description(),
    options: command.options.flatMap(flagsOf),
    argument: command.commands.length > 0 ? 'command' : argumentOf(command),
  };
}

/** The words that may follow those of this path. */
export function childrenOf(commands: readonly Completable[], path: string): readonly Completable[] {
  return commands.filter((child) => child.path.slice(0, child.path.lastIndexOf(' ')) === path);
}

/** The last word that leads to a command. */
export function nameOf({ path }: Completable): string {
  return path.slice(path.lastIndexOf(' ') + 1);
}

function flagsOf(option: Option): Completable['options'] {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined && flag !== null);
  return flags.map((flag) => ({ flag, summary: option.description, takesValue: option.required || option.optional }));
}

function argumentOf(command: Command): Completable['argument'] {
  const name = command.registeredArguments[0]?.name();
  if (name === undefined) return 'none';
  if (FILE_ARGUMENTS.has(name)) return 'file';
  if (name === TEMPLATE_ARGUMENT) return 'template';
  return VM_ARGUMENTS.has(name) && !command.parent?.name().startsWith('image') ? 'vm' : 'none';
}
