import type { Execution } from '@volary/contract';
import type { ExecSession } from '@volary/sdk';
import { type Context, printJson } from '../context.ts';
import { encodeBytes } from '../output/encode-bytes.ts';
import { feedStdin } from './feed-stdin.ts';
import { forwardSignals } from './forward-signals.ts';

/** Runs the command to its end and prints the execution with its output, as UTF-8 or, where it is not, in base64. */
export async function printSessionAsJson(
  context: Context,
  session: ExecSession,
  options: { readonly hasStdin: boolean },
): Promise<Execution> {
  using _signals = forwardSignals(session.signal);
  const parts: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
  const input = options.hasStdin ? feedStdin(context.stdin, session.stdin, { isTyped: false }) : null;
  const output = gather(session, parts);
  await Promise.race([output, input ?? output]);
  const execution = await output;
  printJson(context, { ...execution, ...encode('stdout', parts.stdout), ...encode('stderr', parts.stderr) });
  return execution;
}

async function gather(
  session: ExecSession,
  parts: Readonly<Record<'stdout' | 'stderr', Uint8Array[]>>,
): Promise<Execution> {
  for await (const { stream, bytes } of session.output) parts[stream].push(bytes);
  return session.exit;
}

function encode(stream: 'stdout' | 'stderr', parts: readonly Uint8Array[]): Readonly<Record<string, string>> {
  const { data, encoding } = encodeBytes(Buffer.concat(parts));
  return { [stream]: data, [`${stream}_encoding`]: encoding };
}
