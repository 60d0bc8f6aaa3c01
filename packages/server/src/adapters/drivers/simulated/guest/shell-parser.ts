import { type Token, tokenize } from './shell-tokens.ts';

/** One command with where its streams go. */
export interface ShellCommand {
  readonly words: readonly string[];
  readonly input: string | null;
  readonly output: { readonly path: string; readonly appends: boolean } | null;
  /** `>&2` and `2>&1`. */
  readonly outputToError: boolean;
  readonly errorToOutput: boolean;
}

/** A pipeline, and when it is run: always, or by how the one before it ended. */
export interface ShellStep {
  readonly when: 'always' | 'after-success' | 'after-failure';
  readonly pipeline: readonly ShellCommand[];
}

/** What comes after these, and when. */
const STEP_ENDS: ReadonlyMap<string, ShellStep['when']> = new Map([
  [';', 'always'],
  ['\n', 'always'],
  ['&&', 'after-success'],
  ['||', 'after-failure'],
]);

/**
 * The steps of a script in the small language that simulated guests speak: words with quotes and `$NAME`, redirections,
 * pipes, `;`, `&&`, `||`. No loops, functions or substitutions. Throws SyntaxError.
 */
export function parseScript(script: string, variable: (name: string) => string): readonly ShellStep[] {
  const steps: ShellStep[] = [];
  let when: ShellStep['when'] = 'always';
  let pipeline: Token[][] = [[]];
  const finish = (next: ShellStep['when']): void => {
    const commands = pipeline.map(parseCommand).filter((command) => command.words.length > 0);
    if (commands.length > 0) steps.push({ when, pipeline: commands });
    when = next;
    pipeline = [[]];
  };
  for (const token of tokenize(script, variable)) {
    const next = token.kind === 'operator' ? STEP_ENDS.get(token.text) : undefined;
    if (next !== undefined) finish(next);
    else if (token.kind === 'operator' && token.text === '|') pipeline.push([]);
    else pipeline.at(-1)?.push(token);
  }
  finish('always');
  return steps;
}

function parseCommand(tokens: readonly Token[]): ShellCommand {
  const words: string[] = [];
  let command: ShellCommand = { words, input: null, output: null, outputToError: false, errorToOutput: false };
  const rest = tokens[Symbol.iterator]();
  for (const token of rest) {
    if (token.kind === 'word') words.push(token.text);
    else if (token.text === '>&2' || token.text === '1>&2') command = { ...command, outputToError: true };
    else if (token.text === '2>&1') command = { ...command, errorToOutput: true };
    else command = { ...command, ...parseRedirection(token.text, rest.next().value) };
  }
  return command;
}

function parseRedirection(operator: string, target: Token | undefined): Partial<ShellCommand> {
  if (target?.kind !== 'word') throw new SyntaxError(`a name must follow ${operator}`);
  if (operator === '<') return { input: target.text };
  return { output: { path: target.text, appends: operator === '>>' } };
}
