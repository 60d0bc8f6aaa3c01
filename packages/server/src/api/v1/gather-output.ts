import { VolaryError } from '../../domain/errors.ts';
import { type Execution, KEPT_OUTPUT_BYTES, type OutputStream } from '../../domain/execution/execution.ts';
import type { ExecutionUpdate } from '../../engine/apis/execution-api.ts';

/**
 * Waits for a command's end, and keeps of its output what the server keeps of any: the first part of each stream. The rest
 * is read and dropped, and the execution says that it is truncated.
 */
export async function gatherOutput(
  updates: AsyncIterable<ExecutionUpdate>,
): Promise<{ readonly completed: Execution; readonly output: Readonly<Record<OutputStream, Uint8Array>> }> {
  const parts: Record<OutputStream, Uint8Array[]> = { stdout: [], stderr: [] };
  const kept = { stdout: 0, stderr: 0 };
  for await (const update of updates) {
    if (update.kind === 'completed') {
      return {
        completed: update.execution,
        output: { stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr) },
      };
    }
    const part = update.bytes.subarray(0, KEPT_OUTPUT_BYTES - kept[update.stream]);
    if (part.length === 0) continue;
    parts[update.stream].push(part);
    kept[update.stream] += part.length;
  }
  throw new VolaryError('unavailable', 'The command was lost from sight; it may still run.', {
    reason: 'execution.lost_from_sight',
  });
}
