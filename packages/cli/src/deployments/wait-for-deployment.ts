import type { Deployment } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { progressOf } from './format-deployment.ts';

/** How often progress is shown, seconds: how long one request waits. */
const LOOK_S = 2;

/** Waits until all replicas are as they are wanted, and says how far they are. Throws what has stopped them. */
export async function untilRunning(
  context: Context,
  client: VolaryClient,
  ref: string,
  timeoutMs: number,
): Promise<Deployment> {
  const found = await untilPhase(context, client, ref, { phase: 'running', timeoutMs });
  if (found !== null) return found;
  throw new CliError(`${ref} is gone.`, { reason: 'deployment.unknown' });
}

/** Waits until it is in that phase; null when it is gone. */
export async function untilPhase(
  context: Context,
  client: VolaryClient,
  ref: string,
  { phase, timeoutMs }: { readonly phase: 'running' | 'absent'; readonly timeoutMs: number },
): Promise<Deployment | null> {
  const deadline = performance.now() + timeoutMs;
  let shown = '';
  for (;;) {
    const leftMs = Math.max(0, deadline - performance.now());
    const timeoutSeconds = Math.min(LOOK_S, Math.ceil(leftMs / 1_000));
    try {
      return await client.deployments.wait(ref, { phase, timeoutSeconds });
    } catch (error) {
      if (reasonOf(error) !== 'deployment.wait_timeout') throw error;
    }
    const line = await progressLine(client, ref);
    if (line !== shown && context.globals.json !== true) context.stderr.write(`${line}\n`);
    shown = line;
    if (leftMs === 0)
      throw new CliError(`${ref} is not ${phase} after the time that was given.`, {
        exitCode: EXIT_CODES.precondition,
        reason: 'deployment.wait_timeout',
        hint: `see what is in its way: volary deploy show ${ref}`,
      });
  }
}

async function progressLine(client: VolaryClient, ref: string): Promise<string> {
  try {
    return progressOf(await client.deployments.get(ref));
  } catch (error) {
    if (reasonOf(error) === 'deployment.unknown') return `${ref}: gone`;
    throw error;
  }
}

function reasonOf(error: unknown): unknown {
  return error instanceof Error && 'reason' in error ? error.reason : null;
}
