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
    if (token.kind === 'operator' && (token.text === ';' || token.text === '\n')) finish('always');
    else if (token.kind === 'operator' && token.text === '&&') finish('after-success');
    else if (token.kind === 'operator' && token.text === '||') finish('after-failure');
    else if (token.kind === 'operator' && token.text === '|') pipeline.push([]);
    else pipeline.at(-1)?.push(token);
  }
  finish('always');
  return steps;
}

function parseCommand(tokens: readonly Token[]): ShellCommand {
  const words: string[] = [];
  let command: ShellCommand = { words, input: null, output: null, outputToError: false, errorToOutput: false };
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    if (token.kind === 'word') words.push(token.text);
    else if (token.text === '>&2' || token.text === '1>&2') command = { ...command, outputToError: true };
    else if (token.text === '2>&1') command = { ...command, errorToOutput: true };
    else {
      const target = tokens[++at];
      if (target?.kind !== 'word') throw new SyntaxError(`a name must follow ${token.text}`);
      if (token.text === '<') command = { ...command, input: target.text };
      else command = { ...command, output: { path: target.text, appends: token.text === '>>' } };
    }
  }
  return command;
}
