import { createInterface } from 'node:readline';
import type { Context } from './context.ts';
import { CliError, usageError } from './errors.ts';

/** Gets answers of a person: typed on a terminal, or piped in, one a line. */
export interface Questions extends Disposable {
  /** True when somebody can be asked again. */
  readonly isTerminal: boolean;
  /** The answer, without blanks around it. Throws a `CliError` where no answer comes. */
  ask(question: string): Promise<string>;
  /** The same for a secret: it is not shown while it is typed, and taken as it is. */
  askSecret(question: string): Promise<string>;
}

/** Begins to read what is typed or piped in; to be disposed of, so that a terminal is set back. */
export function openQuestions(context: Context): Questions {
  return context.stdin.isTTY ? onTerminal(context) : fromPipe(context);
}

const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_U = '\x15';
const BACKSPACES: ReadonlySet<string> = new Set(['\x7f', '\b']);

function onTerminal({ stdin, stderr }: Context): Questions {
  const restore = (): void => {
    stdin.setRawMode(false);
  };

  /** What was typed ahead, for the next question. */
  let ahead = '';

  /** Raw, since a terminal that echoes shows what is typed ahead. */
  async function readLine(question: string, { isShown }: { readonly isShown: boolean }): Promise<string> {
    process.on('exit', restore);
    // Before it is asked: whoever sees the question may type at once.
    stdin.setRawMode(true);
    stderr.write(question);
    stdin.resume();
    try {
      const typed = await typedLine(stdin, ahead, (keys) => {
        if (isShown) stderr.write(keys);
      });
      ahead = typed.rest;
      return typed.line;
    } finally {
      stdin.pause();
      process.off('exit', restore);
      restore();
      stderr.write('\n');
    }
  }

  return {
    isTerminal: true,
    ask: async (question) => (await readLine(question, { isShown: true })).trim(),
    askSecret: (question) => readLine(question, { isShown: false }),
    [Symbol.dispose]: () => undefined,
  };
}

interface Typed {
  readonly line: string;
  /** What came after Enter. */
  readonly rest: string;
}

/** What is typed until Enter. Throws a `CliError` for Ctrl-C, and for Ctrl-D. */
function typedLine(stdin: NodeJS.ReadStream, ahead: string, echo: (keys: string) => void): Promise<Typed> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder();
    let line: readonly string[] = [];
    const finish = (end: () => void): void => {
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      end();
    };
    const onEnd = (): void => finish(() => reject(givenUp()));
    const take = (keys: readonly string[]): void => {
      for (const [i, key] of keys.entries()) {
        if (key === CTRL_C || key === CTRL_D) {
          onEnd();
          return;
        }
        if (key === '\r' || key === '\n') {
          finish(() => resolve({ line: line.join(''), rest: keys.slice(i + 1).join('') }));
          return;
        }
        const next = lineAfter(line, key);
        if (next.length > line.length) echo(key);
        else echo('\b \b'.repeat(line.length - next.length));
        line = next;
      }
    };
    const onData = (bytes: Buffer | string): void =>
      take([...(typeof bytes === 'string' ? bytes : decoder.decode(bytes, { stream: true }))]);
    stdin.on('data', onData);
    stdin.on('end', onEnd);
    take([...ahead]);
  });
}

function lineAfter(line: readonly string[], key: string): readonly string[] {
  if (BACKSPACES.has(key)) return line.slice(0, -1);
  if (key === CTRL_U) return [];
  return key < ' ' ? line : [...line, key];
}

function givenUp(): CliError {
  return new CliError('Nothing was done.', { exitCode: 130, reason: 'cli.interrupted' });
}

function fromPipe({ stdin }: Context): Questions {
  const reader = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const lines = reader[Symbol.asyncIterator]();

  async function next(question: string): Promise<string> {
    const { done, value } = await lines.next();
    if (done !== true) return value;
    throw usageError(
      `There was no answer to "${question.trim().replace(/:$/, '')}".`,
      'type it on a terminal, or pipe the answers in, one a line',
    );
  }

  return {
    isTerminal: false,
    ask: async (question) => (await next(question)).trim(),
    askSecret: next,
    [Symbol.dispose]: () => reader.close(),
  };
}
