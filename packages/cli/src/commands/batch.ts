import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Operation } from '@volary/contract';
import { VolaryApiError } from '@volary/sdk';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { type BatchOptions, toBatchRequest } from '../operations/batch-file.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { formatTable } from '../output/table.ts';
import { parseCount } from '../parse-values.ts';

/** `volary batch FILE`. */
export function configureBatch(command: Command, context: Context): void {
  command
    .argument(
      '<file>',
      'what is to be done, in JSON or YAML: {"items": [{"action": "stop", "vm": "first"}]}, or its items alone; - reads it from stdin',
    )
    .option('-c, --concurrency <n>', 'so many at the same time (default 8)', parseCount(1))
    .option('--in-order', 'one after the other')
    .option('--stop-on-error', 'begin no more when one has failed')
    .action((file: string, options: BatchOptions) => run(context, file, options));
}

async function run(context: Context, file: string, options: BatchOptions): Promise<void> {
  const request = toBatchRequest(file === '-' ? await text(context.stdin) : readFile(file), options);
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
  if (context.globals.json === true) {
    printJson(context, operation);
    return;
  }
  const items = itemsOf(operation);
  const rows = items.map(({ action, name, state, error }) => [
    ...[`${action}`, `${name}`, `${state}`],
    isObject(error) ? `${error['message']}` : '',
  ]);
  context.stdout.write(formatTable(['ACTION', 'VM', 'STATE', 'WHY'], rows));
  for (const item of items) context.stdout.write(saidBy(item));
}

/** The first words of a command, below its VM and how it ended. */
function saidBy({ name, execution_id: id, command }: Readonly<Record<string, unknown>>): string {
  if (!isObject(command)) return '';
  const { exit_code: code, signal, stdout, stderr, truncated } = command;
  const said = [stdout, stderr].map(withEnd).join('');
  const more = truncated === true ? `(more: volary logs ${id})\n` : '';
  return said === ''
    ? ''
    : `\n${name} (${code === null ? `${signal ?? 'not run'}` : `exit code ${code}`})\n${said}${more}`;
}

function withEnd(text: unknown): string {
  return typeof text !== 'string' || text === '' || text.endsWith('\n') ? `${text ?? ''}` : `${text}\n`;
}

function itemsOf({ result }: Operation): readonly Readonly<Record<string, unknown>>[] {
  const items: unknown = isObject(result) ? result['items'] : null;
  return Array.isArray(items) ? items.filter(isObject) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
