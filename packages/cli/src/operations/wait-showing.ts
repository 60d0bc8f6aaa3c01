import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';

/** How often progress is shown, seconds: how long one request waits. */
const LOOK_S = 2;

/** What is waited for of one resource. */
export interface Waiting<Resource> {
  /** As people know it. */
  readonly title: string;
  /** Phase or status, for the message when it does not come. */
  readonly wanted: string;
  readonly timeoutMs: number;
  /** Waits so long at most; null: it is gone, as it was to be. */
  wait(timeoutSeconds: number): Promise<Resource | null>;
  /** How far it is, in a line. */
  progress(): Promise<string>;
  /** Reasons of errors: `timeout`, that the time of one request was over; `unknown`, that it is gone. */
  readonly reasons: { readonly timeout: string; readonly unknown: string };
  readonly hint: string;
}

/** Waits until it is so, and says how far it is each time that changes; null when it is gone. Throws what it failed with, or that the time is over. */
export async function waitShowing<Resource>(
  { globals, stderr }: Context,
  { title, wanted, timeoutMs, wait, progress, reasons, hint }: Waiting<Resource>,
): Promise<Resource | null> {
  const deadline = performance.now() + timeoutMs;
  let shown = '';
  for (;;) {
    const leftMs = Math.max(0, deadline - performance.now());
    try {
      return await wait(Math.min(LOOK_S, Math.ceil(leftMs / 1_000)));
    } catch (error) {
      if (reasonOf(error) !== reasons.timeout) throw error;
    }
    const line = await progress().catch((error: unknown) => {
      if (reasonOf(error) === reasons.unknown) return `${title}: gone`;
      throw error;
    });
    if (line !== shown && globals.json !== true) stderr.write(`${line}\n`);
    shown = line;
    if (leftMs === 0)
      throw new CliError(`${title} is not ${wanted} after the time that was given.`, {
        exitCode: EXIT_CODES.precondition,
        reason: reasons.timeout,
        hint,
      });
  }
}

function reasonOf(error: unknown): unknown {
  return error instanceof Error && 'reason' in error ? error.reason : null;
}
