import type { Workspace } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { progressOf } from './format-workspace.ts';

/** How often progress is shown, seconds: how long one request waits. */
const LOOK_S = 2;

/** Waits until it is in that status, and says how far it is; null when it is gone. Throws what it failed with. */
export async function untilStatus(
  context: Context,
  client: VolaryClient,
  { id, name }: Pick<Workspace, 'id' | 'name'>,
  { status, timeoutMs }: { readonly status: 'running' | 'absent'; readonly timeoutMs: number },
): Promise<Workspace | null> {
  const deadline = performance.now() + timeoutMs;
  let shown = '';
  for (;;) {
    const leftMs = Math.max(0, deadline - performance.now());
    const timeoutSeconds = Math.min(LOOK_S, Math.ceil(leftMs / 1_000));
    try {
      return await client.workspaces.wait(id, { status, timeoutSeconds });
    } catch (error) {
      if (reasonOf(error) !== 'workspace.wait_timeout') throw error;
    }
    const line = await progressLine(client, { id, name });
    if (line !== shown && context.globals.json !== true) context.stderr.write(`${line}\n`);
    shown = line;
    if (leftMs === 0)
      throw new CliError(`${name} is not ${status} after the time that was given.`, {
        exitCode: EXIT_CODES.precondition,
        reason: 'workspace.wait_timeout',
        hint: `see how far it is: volary workspace get ${name}`,
      });
  }
}

async function progressLine(client: VolaryClient, { id, name }: Pick<Workspace, 'id' | 'name'>): Promise<string> {
  try {
    return progressOf(await client.workspaces.get(id));
  } catch (error) {
    if (reasonOf(error) === 'workspace.unknown') return `${name}: gone`;
    throw error;
  }
}

function reasonOf(error: unknown): unknown {
  return error instanceof Error && 'reason' in error ? error.reason : null;
}
