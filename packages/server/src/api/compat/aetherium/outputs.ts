import { type Execution, KEPT_OUTPUT_BYTES, type OutputStream } from '../../../domain/execution/execution.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { Output } from './translate.ts';

/** Of each stream of each command in a list. */
export const LISTED_BYTES = 64 * 1024;

/** What the command has written, from its beginning, at most so much of each stream; of a task all that is kept. */
export async function readOutput(
  { executions }: Pick<Engine, 'executions'>,
  principal: Principal,
  execution: Execution,
  { most = KEPT_OUTPUT_BYTES, signal }: { readonly most?: number; readonly signal: AbortSignal },
): Promise<Output> {
  const [stdout, stderr] = [await read('stdout'), await read('stderr')];
  return {
    stdout: stdout.text,
    stderr: stderr.text,
    isCut: stdout.length < execution.stdoutBytes || stderr.length < execution.stderrBytes,
  };

  async function read(stream: OutputStream): Promise<{ readonly text: string; readonly length: number }> {
    const parts: Uint8Array[] = [];
    let length = 0;
    const updates = await executions.output(principal, execution.id, { stream, offset: 0, follow: false, signal });
    for await (const update of updates) {
      if (update.kind === 'completed') break;
      const part = update.bytes.subarray(0, most - length);
      parts.push(part);
      length += part.length;
      if (length >= most) break;
    }
    return { text: Buffer.concat(parts).toString('utf8'), length };
  }
}
