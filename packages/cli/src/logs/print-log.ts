import type { LogLine } from '@volary/contract';
import type { LogSelection, VolaryClient } from '@volary/sdk';
import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';
import { toSafeWords } from '../output/console-text.ts';
import { styled } from '../output/style.ts';

const PAGE_ITEMS = 200;

/** Prints lines of the log, oldest first; as JSON one a line. */
export async function printLog(
  context: Context,
  client: VolaryClient,
  selection: LogSelection,
  { follow, tail }: { readonly follow?: true; readonly tail?: number },
): Promise<void> {
  if (follow === true) {
    const { until, ...rest } = selection;
    if (until !== undefined) throw usageError('What is followed has no end: --until goes without --follow.');
    const query = { ...rest, ...(tail === undefined ? {} : { tail }) };
    for await (const line of client.logs.follow(query)) print(context, line);
  } else if (tail === undefined) {
    for await (const line of client.logs.export(selection)) print(context, line);
  } else for (const line of await lastLines(client, selection, tail)) print(context, line);
}

async function lastLines(client: VolaryClient, selection: LogSelection, count: number): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  if (count === 0) return lines;
  const query = { ...selection, order: 'desc', limit: Math.min(PAGE_ITEMS, count) } as const;
  for await (const line of client.logs.listAll(query)) {
    lines.push(line);
    if (lines.length === count) break;
  }
  return lines.toReversed();
}

function print({ stdout, globals }: Context, line: LogLine): void {
  stdout.write(globals.json === true ? `${JSON.stringify(line)}\n` : formatLine(stdout, line));
}

const COLOURS = { debug: 'gray', info: 'gray', warn: 'yellow', error: 'red' } as const;

/** A line on one line: time, level, source, message, and what is to be known about it. */
export function formatLine(stream: NodeJS.WritableStream, line: LogLine): string {
  const level = styled(stream, COLOURS[line.level], line.level.padEnd(5));
  const marks = line.marks.length === 0 ? '' : `  ${styled(stream, 'gray', `(${line.marks.join(', ')})`)}`;
  const message = toSafeWords(line.message).replaceAll('\n', '\u2424');
  return `${styled(stream, 'gray', line.timestamp)}  ${level}  ${line.source.padEnd(9)}  ${message}${marks}\n`;
}
