import type { Execution, OutputStream } from '../../../domain/execution/execution.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { Output } from './translate.ts';

/** Of each stream of each command in a list, and of all of them together: the newest come first. */
const LISTED_BYTES = 64 * 1024;
const LIST_BYTES = 4 * 1024 ** 2;
/** Of each stream of a task. */
const TASK_BYTES = 1024 ** 2;

type Executions = Pick<Engine, 'executions'>;

/** What the command has written, from its beginning, as far as a task tells it. */
export async function outputOfTask(
  engine: Executions,
  principal: Principal,
  execution: Execution,
  signal: AbortSignal,
): Promise<Output> {
  return await readOutput(engine, principal, execution, { most: TASK_BYTES, signal });
}

/** The same of each of a list, in its order: what those before it have taken is not there for the others. */
export async function* outputsOfList(
  engine: Executions,
  principal: Principal,
  executions: readonly Execution[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly execution: Execution; readonly output: Output }> {
  let left = LIST_BYTES;
  for (const execution of executions) {
    const most = Math.min(LISTED_BYTES, Math.floor(left / 2));
    const output = await readOutput(engine, principal, execution, { most, signal });
    left -= output.bytes;
    yield { execution, output };
  }
}

async function readOutput(
  { executions }: Executions,
  principal: Principal,
  execution: Execution,
  { most, signal }: { readonly most: number; readonly signal: AbortSignal },
): Promise<Output & { readonly bytes: number }> {
  const [stdout, stderr] = [await read('stdout'), await read('stderr')];
  const isCut = stdout.bytes < execution.stdoutBytes || stderr.bytes < execution.stderrBytes;
  return { stdout: stdout.text, stderr: stderr.text, isCut, bytes: stdout.bytes + stderr.bytes };

  async function read(stream: OutputStream): Promise<{ readonly text: string; readonly bytes: number }> {
    // A character that is cut in two is not shown: nobody wrote the half of it.
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    let [text, bytes] = ['', 0];
    if (most === 0) return { text, bytes };
    const updates = await executions.output(principal, execution.id, { stream, offset: 0, follow: false, signal });
    for await (const update of updates) {
      if (update.kind === 'completed') break;
      const part = update.bytes.subarray(0, most - bytes);
      bytes += part.length;
      text += decoder.decode(part, { stream: true });
      if (bytes >= most) return { text, bytes };
    }
    return { text: text + decoder.decode(), bytes };
  }
}
