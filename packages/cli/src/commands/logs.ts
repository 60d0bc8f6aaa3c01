import type { VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { CliError, usageError } from '../errors.ts';
import { whileInSight } from '../exec/in-sight.ts';
import { addLogOptions, areOfLog, type LogOptions, toLogSelection } from '../logs/log-options.ts';
import { printLog } from '../logs/print-log.ts';
import { lastLines, toSafeText } from '../output/console-text.ts';
import { encodeBytes } from '../output/encode-bytes.ts';
import { parseCount } from '../parse-values.ts';
import { asTyped } from '../paths.ts';

interface LogsOptions extends LogOptions {
  readonly follow?: true;
  readonly tail?: number;
  readonly workload?: true;
}

/** Bytes of a console, or of one stream of a command. */
interface Piece {
  readonly stream?: 'stdout' | 'stderr';
  /** Of the first byte within the console, or within its stream. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * `volary logs VM`: its console; with `--workload`: what its workload wrote; `volary logs EXECUTION`: what a command wrote. As JSON one piece a line. Without any of them, or with an option that
 * narrows: lines of the log.
 */
export function configureLogs(command: Command, context: Context): void {
  addLogOptions(command.argument('[ref]', 'a VM (name or id), or the id of an execution; none: the whole log'))
    .option('-f, --follow', 'also print new output')
    .option('--workload', "the output of the VM's workload in this run")
    .option(
      '--tail <n>',
      'only the last lines: of the log, of the console, or of each stream of a command',
      parseCount(0),
    )
    .action(async (ref: string | undefined, options: LogsOptions) => {
      if (options.workload === true && (ref === undefined || areOfLog(options)))
        throw usageError('--workload is what one VM wrote, as it is: of the log that is --source stdout,stderr.');
      const client = await connect(context);
      if (ref === undefined || areOfLog(options)) {
        await printLog(context, client, toLogSelection(ref, options), options);
        return;
      }
      if (options.workload === true) await printExecution(context, client, await workloadOf(client, ref), options);
      else if (ref.startsWith('exec_')) await printExecution(context, client, ref, options);
      else await printConsole(context, client, ref, options);
    });
}

/** Its execution; one that nobody has begun yet has written nothing. */
async function workloadOf(client: VolaryClient, ref: string): Promise<string> {
  const { execution_id } = await client.workloads.get(ref);
  if (execution_id !== null) return execution_id;
  throw new CliError(`The workload of ${ref} has not been started yet.`);
}

async function printConsole(context: Context, client: VolaryClient, ref: string, options: LogsOptions): Promise<void> {
  const follow = options.follow === true;
  let offset = 0;
  if (options.tail !== undefined) {
    const pieces: Piece[] = [];
    for await (const chunk of client.vms.console(ref)) pieces.push(chunk);
    offset = printLast(context, pieces, options.tail);
  }
  // Whoever follows goes on after an outage: a hint that cannot be given must not end that.
  const hint = follow ? tellIfEmpty(context, client, ref).catch(() => undefined) : null;
  for await (const chunk of client.vms.console(ref, { offset, follow })) print(context, chunk);
  await (hint ?? tellIfEmpty(context, client, ref));
}

/** Whoever asks for the log of a VM that says nothing by itself mostly means what its workload writes. */
async function tellIfEmpty(context: Context, client: VolaryClient, ref: string): Promise<void> {
  for await (const { bytes } of client.vms.console(ref)) if (bytes.length > 0) return;
  const { workload } = await client.vms.get(ref);
  if (workload === null) return;
  const told = `The console of ${ref} is empty. What its workload wrote: volary logs ${ref} --workload`;
  context.stderr.write(`${asTyped(told, context.env)}\n`);
}

async function printExecution(
  context: Context,
  client: VolaryClient,
  id: string,
  { follow, tail }: LogsOptions,
): Promise<void> {
  if (follow === true) {
    if (tail !== undefined)
      throw usageError('A command is followed from its first byte: --tail goes without --follow.');
    const session = await client.executions.attach(id);
    await whileInSight(id, async () => {
      for await (const chunk of session.output) print(context, chunk);
    });
    return;
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    const pieces: Piece[] = [];
    let offset = 0;
    for await (const bytes of client.executions.readOutput(id, { stream })) {
      const piece = { stream, offset, bytes };
      if (tail === undefined) print(context, piece);
      else pieces.push(piece);
      offset += bytes.length;
    }
    if (tail !== undefined) printLast(context, pieces, tail);
  }
}

/** Prints the last lines of these pieces, which follow one another; returns the offset behind them. */
function printLast(context: Context, pieces: readonly Piece[], lines: number): number {
  const [first] = pieces;
  if (first === undefined) return 0;
  const all = Buffer.concat(pieces.map(({ bytes }) => bytes));
  const bytes = lastLines(all, lines);
  const end = first.offset + all.length;
  if (bytes.length > 0) print(context, { ...first, offset: end - bytes.length, bytes });
  return end;
}

/** Bytes as they are, except a console on a terminal. */
function print(context: Context, { stream, offset, bytes }: Piece): void {
  const { stdout, globals } = context;
  if (globals.json === true) {
    const piece = { ...(stream === undefined ? {} : { stream }), offset, ...encodeBytes(bytes) };
    stdout.write(`${JSON.stringify(piece)}\n`);
  } else if (stream !== undefined) context[stream].write(bytes);
  else stdout.write(stdout.isTTY ? toSafeText(bytes) : bytes);
}
