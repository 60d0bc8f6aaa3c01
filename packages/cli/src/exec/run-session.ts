import { setTimeout as delay } from 'node:timers/promises';
import type { Execution } from '@volary/contract';
import type { ExecSession } from '@volary/sdk';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { feedStdin } from './feed-stdin.ts';
import { forwardSignals } from './forward-signals.ts';
import { holdRawMode, terminalSize } from './terminal.ts';

/** What becomes of a command whose terminal the user leaves by `~.`: a shell is hung up, as when a terminal is closed. */
export type WayOut = 'leave it running' | 'hang it up';

export interface SessionOptions {
  readonly hasStdin: boolean;
  readonly hasTty: boolean;
  readonly wayOut: WayOut;
}

/** How long a command that we leave may take to hear of it: it is left because it does not answer. */
const HANG_UP_MS = 1000;

/**
 * Joins a running command to our own streams, signals and terminal, byte for byte, until it has ended. Throws a
 * `CliError` if the user left it.
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
  if (first === 'left') throw await leave(session, options.wayOut);
  return await output;
}

async function leave(session: ExecSession, wayOut: WayOut): Promise<CliError> {
  const { id } = session.execution;
  if (wayOut === 'leave it running') {
    return new CliError('You left the command; it runs on.', {
      exitCode: EXIT_CODES.execFailed,
      reason: 'cli.left',
      hint: `its output: volary logs -f ${id}`,
    });
  }
  const hungUp = session.signal('SIGHUP').then(
    () => true,
    () => false,
  );
  const isHungUp = await Promise.race([hungUp, delay(HANG_UP_MS, false)]);
  return new CliError(isHungUp ? 'You left the session.' : 'You left the session, which does not answer.', {
    exitCode: EXIT_CODES.execFailed,
    reason: 'cli.left',
    ...(isHungUp ? {} : { hint: `if it runs on, end it: volary kill ${id}` }),
  });
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
