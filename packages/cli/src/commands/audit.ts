import type { AuditEntry } from '@volary/contract';
import type { Command } from 'commander';
import { type AuditOptions, addAuditOptions, toAuditQuery } from '../audit/audit-options.ts';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatTable } from '../output/table.ts';
import { parseCount } from '../parse-values.ts';

const SHOWN = 50;
const MOST_IN_PAGE = 200;

interface ListOptions extends AuditOptions {
  readonly limit?: number;
}

/** `volary audit ls|export`. */
export function configureAudit(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addAuditOptions(command.command('ls').description('list who did what, newest first'))
    .option('--limit <n>', `show at most N (default: ${SHOWN})`, parseCount(1))
    .action((options: ListOptions) => list(context, options));
  addAuditOptions(
    command.command('export').description('print all there is as JSON, oldest first, one entry a line'),
  ).action((options: AuditOptions) => exportAll(context, options));
}

async function list(context: Context, { limit = SHOWN, ...options }: ListOptions): Promise<void> {
  const client = await connect(context);
  const query = { ...toAuditQuery(options), limit: Math.min(limit, MOST_IN_PAGE) };
  const items: AuditEntry[] = [];
  for await (const entry of client.audit.listAll(query)) {
    items.push(entry);
    if (items.length === limit) break;
  }
  if (context.globals.json === true) return printJson(context, { items });
  const heads = ['TIME', 'WHO', 'FROM', 'ACTION', 'TARGET', 'RESULT'];
  context.stdout.write(formatTable(heads, items.map(rowOf)));
}

function rowOf(entry: AuditEntry): readonly string[] {
  const { at, principal, credential, address, action, target, result, reason, details } = entry;
  const by = credential.id === null ? '' : ` (${credential.id})`;
  const count = typeof details['count'] === 'number' ? ` x${details['count']}` : '';
  return [
    at.replace(/\.\d+Z$/, 'Z'),
    `${principal}${by}`,
    address ?? '-',
    action,
    target.name ?? target.id ?? '-',
    `${result}${reason === null ? '' : `: ${reason}`}${count}`,
  ];
}

async function exportAll(context: Context, options: AuditOptions): Promise<void> {
  const client = await connect(context);
  for await (const entry of client.audit.export(toAuditQuery(options))) {
    context.stdout.write(`${JSON.stringify(entry)}\n`);
  }
}
