import type { TtySize } from '@volary/contract';
import type { Context } from '../context.ts';

/** The size of the user's terminal; 24 × 80 where there is none. */
export function terminalSize({ stdout, stderr }: Context): TtySize {
  const stream = stdout.isTTY ? stdout : stderr;
  return { rows: stream.rows || 24, columns: stream.columns || 80 };
}

/**
 * Hands every key to the command while this is held. The terminal is set back when it is disposed of, and, whatever
 * happens, when the process ends: a shell whose terminal stays raw shows nothing that is typed.
 */
export function holdRawMode(context: Context): Disposable {
  const { stdin } = context;
  const restore = (): void => {
    stdin.setRawMode(false);
  };
  const again = (): void => {
    stdin.setRawMode(true); // after a stop and a continue, the shell has set it back
  };
  stdin.setRawMode(true);
  process.on('exit', restore);
  process.on('SIGCONT', again);
  return {
    [Symbol.dispose]: () => {
      process.off('exit', restore);
      process.off('SIGCONT', again);
      restore();
    },
  };
}
