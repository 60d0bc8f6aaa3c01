import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { BatchRequest, Operation } from '@volary/contract';
import { VolaryApiError } from '@volary/sdk';
import type { Command } from 'commander';
import { toBatchRequest } from '../batches/batch-file.ts';
import { addBatchOptions, type BatchOptions } from '../batches/batch-options.ts';
import { type ExecBatchOptions, toExecBatch } from '../batches/exec-request.ts';
import { formatBatch } from '../batches/format-batch.ts';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { addCommandOptions } from '../exec/command-options.ts';
import { finishOperation } from '../operations/finish-operation.ts';

const EXEC_NOTES = `
The exit code is 0 if the command ended with 0 in each VM, else 1, whatever it ended with: what came of each is printed.

Examples:
  volary batch exec --selector app=web -- systemctl is-active app
  volary batch exec db-1 db-2 --in-order --stop-on-error --timeout 5m -- sh -c 'apt-get update && apt-get -y upgrade'`;

/** `volary batch FILE`, `volary batch exec`. */
export function configureBatch(command: Command, context: Context): void {
  addBatchOptions(command)
    .usage('[options] <file>\n       volary batch exec [options] [vm...] -- <command...>')
    .argument(
      '<file>',
      'what is to be done, in JSON or YAML: {"items": [{"action": "stop", "vm": "first"}]}, or its items alone; - reads it from stdin',
    )
    .action((file: string, options: BatchOptions) => runFile(context, file, options));
  const exec = command.command('exec').description('run one command in many VMs');
  addCommandOptions(addBatchOptions(exec))
    .option('--selector <selector>', "in all VMs with such labels: 'a=b,c!=d,e in (f,g),!h'")
    .usage('[options] [vm...] -- <command...>')
    .argument('[vm...]', 'names or ids')
    .addHelpText('after', EXEC_NOTES)
    .action(async (words: readonly string[]) => {
      // The flags that both have are taken by `batch`, wherever they stand.
      const options = exec.optsWithGlobals<ExecBatchOptions>();
      await run(context, toExecBatch(words, context.commandWords, options));
    });
}

async function runFile(context: Context, file: string, options: BatchOptions): Promise<void> {
  await run(context, toBatchRequest(file === '-' ? await text(context.stdin) : readFile(file), options));
}

async function run(context: Context, request: BatchRequest | string): Promise<void> {
  const client = await connect(context);
  const accepted = await client.batches.run(request);
  const titles = { doing: `Batch of ${accepted.subject.name}`, done: `All ${accepted.subject.name} are done` };
  try {
    print(context, await finishOperation(context, client, accepted, titles));
  } catch (error) {
    // What came of each is in the operation.
    if (error instanceof VolaryApiError) print(context, await client.operations.get(accepted.id));
    throw error;
  }
}

function print(context: Context, operation: Operation): void {
  if (context.globals.json === true) printJson(context, operation);
  else context.stdout.write(formatBatch(operation));
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
