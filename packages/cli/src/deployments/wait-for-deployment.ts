import type { Deployment } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { waitShowing } from '../operations/wait-showing.ts';
import { progressOf } from './format-deployment.ts';

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
  { deployments }: VolaryClient,
  ref: string,
  { phase, timeoutMs }: { readonly phase: 'running' | 'absent'; readonly timeoutMs: number },
): Promise<Deployment | null> {
  return await waitShowing<Deployment>(context, {
    title: ref,
    wanted: phase,
    timeoutMs,
    wait: (timeoutSeconds) => deployments.wait(ref, { phase, timeoutSeconds }),
    progress: async () => progressOf(await deployments.get(ref)),
    reasons: { timeout: 'deployment.wait_timeout', unknown: 'deployment.unknown' },
    hint: `see what is in its way: volary deploy show ${ref}`,
  });
}
