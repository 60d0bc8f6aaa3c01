import type { VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { lastLines, toSafeText } from '../output/console-text.ts';
import { parseCount } from '../parse-values.ts';

interface LogsOptions {
  readonly follow?: true;
  readonly tail?: number;
}

/** `volary logs VM`: its console; `volary logs EXECUTION`: what a command wrote. */
export function configureLogs(command: Command, context: Context): void {
  command
    .argument('<ref>', 'a VM (name or id), or the id of an execution')
    .option('-f, --follow', 'go on with what comes')
    .option('--tail <n>', 'only the last lines of the console', parseCount(0))
    .action(async (ref: string, options: LogsOptions) => {
      const client = await connect(context);
      if (ref.startsWith('exec_')) await printExecution(context, client, ref, options);
      else await printConsole(context, client, ref, options);
    });
}

async function printConsole(context: Context, client: VolaryClient, ref: string, options: LogsOptions): Promise<void> {
  const follow = options.follow === true;
  let offset = 0;
  if (options.tail !== undefined) {
    const parts: Uint8Array[] = [];
    for await (const chunk of client.vms.console(ref)) {
      parts.push(chunk.bytes);
      offset = chunk.offset + chunk.bytes.length;
    }
    print(context, lastLines(Buffer.concat(parts), options.tail));
    if (!follow) return;
  }
  for await (const { bytes } of client.vms.console(ref, { offset, follow })) print(context, bytes);
}

async function printExecution(
  context: Context,
  client: VolaryClient,
  id: string,
  { follow }: LogsOptions,
): Promise<void> {
  if (follow === true) {
    const session = await client.executions.attach(id);
    for await (const { stream, bytes } of session.output) context[stream].write(bytes);
    return;
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    for await (const bytes of client.executions.readOutput(id, { stream })) context[stream].write(bytes);
  }
}

/** Bytes as they are, except on a terminal. */
function print({ stdout }: Context, bytes: Uint8Array): void {
  stdout.write(stdout.isTTY ? toSafeText(bytes) : bytes);
}
