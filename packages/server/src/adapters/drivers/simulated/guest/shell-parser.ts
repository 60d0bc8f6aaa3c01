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

const OPERATORS = ['2>&1', '>&2', '1>&2', '>>', '&&', '||', '>', '<', '|', ';', '\n'] as const;
type Token = { readonly kind: 'word'; readonly text: string } | { readonly kind: 'operator'; readonly text: string };

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

function* tokenize(script: string, variable: (name: string) => string): Iterable<Token> {
  let word: string | null = null;
  for (let at = 0; at < script.length; ) {
    const rest = script.slice(at);
    const operator = OPERATORS.find((one) => rest.startsWith(one));
    const isWordCharacter = word !== null && /^[0-9]/.test(rest);
    if (operator !== undefined && !(isWordCharacter && /^[12]/.test(operator))) {
      if (word !== null) yield { kind: 'word', text: word };
      word = null;
      yield { kind: 'operator', text: operator };
      at += operator.length;
    } else if (/^\s/.test(rest)) {
      if (word !== null) yield { kind: 'word', text: word };
      word = null;
      at++;
    } else {
      const piece = readPiece(rest, variable);
      word = (word ?? '') + piece.text;
      at += piece.length;
    }
  }
  if (word !== null) yield { kind: 'word', text: word };
}

function readPiece(
  rest: string,
  variable: (name: string) => string,
): { readonly text: string; readonly length: number } {
  const first = rest.charAt(0);
  if (first === "'" || first === '"') {
    const end = rest.indexOf(first, 1);
    if (end === -1) throw new SyntaxError('a quote is not closed');
    const inside = rest.slice(1, end);
    return { text: first === '"' ? expand(inside, variable) : inside, length: end + 1 };
  }
  if (first === '\\') return { text: rest.charAt(1), length: 2 };
  const plain = /^(?:\$[A-Za-z_?][A-Za-z0-9_]*|[^\s'"\\|;&<>$]|[&$])/.exec(rest)?.[0] ?? first;
  return { text: expand(plain, variable), length: plain.length };
}

function expand(text: string, variable: (name: string) => string): string {
  return text.replaceAll(/\$([A-Za-z_][A-Za-z0-9_]*)/g, (_, name: string) => variable(name));
}
