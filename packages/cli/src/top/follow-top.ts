import { setTimeout as sleep } from 'node:timers/promises';
import { VolaryApiError } from '@volary/sdk';
import { describeError } from '../report-error.ts';
import { drawTop, type TopRow } from './draw-top.ts';

const ESC = String.fromCharCode(0x1b);
/** To another screen without a cursor, and back; and to the beginning of an empty one. */
const SCREEN = { enter: `${ESC}[?1049h${ESC}[?25l`, leave: `${ESC}[?25h${ESC}[?1049l`, clear: `${ESC}[H${ESC}[J` };
const TOO_MANY_REQUESTS = 429;

export interface TopScreen {
  readonly stdout: Pick<NodeJS.WriteStream, 'write' | 'rows' | 'columns'>;
  readonly title: string;
  /** From one look to the next. */
  readonly everyMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Draws what each look finds, until it is ended. Where a later look fails in a way that passes (the server is restarted, or has been asked too often), what was found
 * last stays, with what is wrong above it, and the next look is taken in its time. Throws what the first look throws, and what another look does not mend; a look under way
 * is given up at the end.
 */
export async function followTop(
  look: (signal: AbortSignal) => Promise<readonly TopRow[]>,
  { stdout, title, everyMs, signal }: TopScreen,
): Promise<void> {
  const lookNow = async (): Promise<readonly TopRow[] | null> =>
    await look(signal).catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
  let rows = await lookNow();
  let fault: string | null = null;
  if (rows === null) return;
  stdout.write(SCREEN.enter);
  try {
    while (rows !== null && !signal.aborted) {
      const lines = [
        fault === null ? title : `${title}; ${fault}`,
        '',
        ...drawTop(rows, { hasCurves: true }).split('\n'),
      ];
      const shown = lines.slice(0, Math.max(3, stdout.rows - 1)).map((line) => line.slice(0, stdout.columns));
      stdout.write(`${SCREEN.clear}${shown.join('\n')}`);
      // Cut short by the end.
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        rows = await lookNow();
        fault = null;
      } catch (error) {
        fault = passingFault(error);
      }
    }
  } finally {
    stdout.write(SCREEN.leave);
  }
}

/** What is to be said of it; throws an error that another look does not mend. */
function passingFault(error: unknown): string {
  const { message, reason } = describeError(error, null);
  const isRefusalForNow = error instanceof VolaryApiError && (error.retryable || error.status === TOO_MANY_REQUESTS);
  if (reason !== 'cli.no_server' && !isRefusalForNow) throw error;
  return `as of before: ${message}`;
}
