import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { VolaryError } from '../../domain/errors.ts';

/** More than this of a program's words is not kept. */
const MOST_WORDS = 16_384;

/**
 * Runs a program of the host with this input, and returns what it writes. Throws `unavailable` network.host_failed with its words in
 * `context`, and the signal's reason.
 */
export async function runOnHost(
  argv: readonly string[],
  { input = '', signal }: { readonly input?: string; readonly signal: AbortSignal },
): Promise<string> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MOST_WORDS) stderr += text;
  });
  // One that ends before it has read all says so by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const failed = (cause: unknown): VolaryError => {
    return new VolaryError('unavailable', 'The networks of the host could not be changed.', {
      reason: 'network.host_failed',
      context: { argv, exitCode: child.exitCode, stderr: stderr.slice(0, MOST_WORDS) },
      cause,
    });
  };
  try {
    await once(child, 'close');
  } catch (error) {
    signal.throwIfAborted();
    throw failed(error);
  }
  if (child.exitCode !== 0) throw failed(null);
  return stdout;
}
