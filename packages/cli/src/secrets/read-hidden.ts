import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';

const ENTER = /[\r\n]/;
const ENDS = '\u0004';
const INTERRUPT = '\u0003';
const ERASE = /[\b\u007f]/;
const ERASE_LINE = '\u0015';
/** As a shell has it for SIGINT. */
const INTERRUPTED = 130;

/**
 * Asks on the terminal, which shows nothing of what is typed, and answers with the line. Ctrl-C ends the program. The terminal is set back
 * whatever happens.
 */
export async function readHidden({ stdin, stderr }: Context, question: string): Promise<string> {
  const restore = (): void => {
    stdin.setRawMode(false);
  };
  process.on('exit', restore);
  // Before it is asked: whoever sees the question may type at once.
  stdin.setRawMode(true);
  stderr.write(question);
  try {
    return await readLine(stdin);
  } finally {
    process.off('exit', restore);
    restore();
    stdin.pause();
    stderr.write('\n');
  }
}

async function readLine(stdin: NodeJS.ReadStream): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const decoder = new TextDecoder();
  let line: readonly string[] = [];
  const take = (key: string): void => {
    if (key === INTERRUPT) reject(new CliError('Nothing was done.', { exitCode: INTERRUPTED }));
    else if (ENTER.test(key) || key === ENDS) resolve(line.join(''));
    else if (ERASE.test(key)) line = line.slice(0, -1);
    else line = key === ERASE_LINE ? [] : [...line, key];
  };
  const onData = (chunk: Buffer | string): void => {
    for (const key of typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })) take(key);
  };
  const onEnd = (): void => take(ENDS);
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  // A listener alone does not wake what was paused after the question before.
  stdin.resume();
  try {
    return await promise;
  } finally {
    stdin.off('data', onData);
    stdin.off('end', onEnd);
  }
}
