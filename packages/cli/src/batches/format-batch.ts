import type { Operation } from '@volary/contract';
import { toSafeWords } from '../output/console-text.ts';
import { formatTable } from '../output/table.ts';

/** What came of each item of a batch, and below that what commands said at first. */
export function formatBatch({ result }: Pick<Operation, 'result'>): string {
  const items = itemsOf(result);
  const hasCommands = items.some(({ action }) => action === 'exec');
  const rows = items.map(({ action, name, state, command, error }) => [
    ...[`${action}`, `${name}`, `${state}`],
    ...(hasCommands ? [isObject(command) ? endOf(command) : '-'] : []),
    isObject(error) ? `${error['message']}` : '',
  ]);
  const table = formatTable(['ACTION', 'VM', 'STATE', ...(hasCommands ? ['EXIT'] : []), 'WHY'], rows);
  return `${table}${items.map(saidBy).join('')}`;
}

/** An exit code, or the signal that ended it. */
function endOf({ exit_code: code, signal }: Readonly<Record<string, unknown>>): string {
  return code === null ? `${signal ?? '-'}` : `${code}`;
}

/** The first words of a command, below its VM and how it ended. */
function saidBy({ name, execution_id: id, command }: Readonly<Record<string, unknown>>): string {
  if (!isObject(command)) return '';
  const { exit_code: code, signal, stdout, stderr, truncated } = command;
  const said = toSafeWords([stdout, stderr].map(withEnd).join(''));
  const more = truncated === true ? `(more: volary logs ${id})\n` : '';
  return said === ''
    ? ''
    : `\n${name} (${code === null ? `${signal ?? 'not run'}` : `exit code ${code}`})\n${said}${more}`;
}

function withEnd(text: unknown): string {
  return typeof text !== 'string' || text === '' || text.endsWith('\n') ? `${text ?? ''}` : `${text}\n`;
}

function itemsOf(result: Operation['result']): readonly Readonly<Record<string, unknown>>[] {
  const items: unknown = isObject(result) ? result['items'] : null;
  return Array.isArray(items) ? items.filter(isObject) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
