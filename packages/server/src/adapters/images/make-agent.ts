import { join } from 'node:path';
import { runStage } from './run-stage.ts';

/** Compiles the guest agent, and answers where it is. The caller holds the build lock. Throws as `runStage`. */
export async function makeAgent(guestPath: string, signal: AbortSignal): Promise<string> {
  const agentPath = join(guestPath, 'agent');
  await runStage({
    name: 'compiling the guest agent',
    program: 'make',
    args: ['--no-print-directory', '-C', agentPath, 'all'],
    hiddenPaths: [guestPath],
    signal,
  });
  return join(agentPath, 'build', 'volary-agent');
}
