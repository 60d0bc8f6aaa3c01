import type { Execution } from '@volary/contract';
import type { ExecSession } from '@volary/sdk';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { feedStdin } from './feed-stdin.ts';
import { forwardSignals } from './forward-signals.ts';
import { holdRawMode, terminalSize } from './terminal.ts';

export interface SessionOptions {
  readonly hasStdin: boolean;
  readonly hasTty: boolean;
}

/**
 * Joins a running command to our own streams, signals and terminal, byte for byte, until it has ended. Throws a
 * `CliError` if the user left it running.
 */
export async function runSession(context: Context, session: ExecSession, options: SessionOptions): Promise<Execution> {
  const isTyped = options.hasTty && options.hasStdin && context.stdin.isTTY;
  using _terminal = isTyped ? holdRawMode(context) : null;
  using _signals = forwardSignals(session.signal);
  using _resizes = options.hasTty ? followResizes(context, session) : null;

  // What breaks our pipe breaks the command's: `volary exec first -- yes | head -1` leaves nothing running in the guest.
  context.whenPipeBreaks(() => session.signal('SIGPIPE'));
  const output = printOutput(context, session);
  // Awaited here, since what is held above is let go of when we return.
  if (!options.hasStdin) return await output;
  const input = feedStdin(context.stdin, session.stdin, { isTyped });
  const first = await Promise.race([output, input]);
  if (first === 'left') {
    throw new CliError('You left the command; it runs on.', {
      exitCode: EXIT_CODES.execFailed,
      reason: 'cli.left',
      hint: `its output: volary logs -f ${session.execution.id}`,
    });
  }
  return await output;
}

async function printOutput({ stdout, stderr }: Context, session: ExecSession): Promise<Execution> {
  for await (const { stream, bytes } of session.output) {
    const target = stream === 'stdout' ? stdout : stderr;
    if (!target.write(bytes)) await drained(target);
  }
  return session.exit;
}

/** Waits also for a pipe that broke: that is seen to elsewhere, and ends us. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.once('drain', resolve));
}

function followResizes(context: Context, session: ExecSession): Disposable {
  const resize = (): void => {
    // The command may have ended meanwhile; its size is of no interest then.
    session.resize(terminalSize(context)).catch(() => undefined);
  };
  process.on('SIGWINCH', resize);
  return { [Symbol.dispose]: () => process.off('SIGWINCH', resize) };
}
