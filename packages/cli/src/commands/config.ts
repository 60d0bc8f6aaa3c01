import type { VmConfig, VmRevision } from '@volary/contract';
import type { Command } from 'commander';
import { type ApplyOptions, addApplyOptions, applyChange, formatChanges } from '../config/apply-change.ts';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatAge } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';
import { parseCount } from '../parse-values.ts';

const NEWEST = 20;

/** `volary config VM`, `volary config history|show|rollback VM`. */
export function configureConfig(command: Command, context: Context): void {
  command.argument('[vm]', 'name or id').action(async (ref: string | undefined) => {
    if (ref === undefined) command.outputHelp();
    else await show(context, ref);
  });
  command
    .command('history')
    .description('list its changes, newest first')
    .argument('<vm>', 'name or id')
    .option('-n, --limit <n>', `show at most N (default ${NEWEST})`, parseCount(1))
    .action((ref: string, { limit = NEWEST }: { readonly limit?: number }) => history(context, ref, limit));
  command
    .command('show')
    .description('show its configuration, now or in a revision')
    .argument('<vm>', 'name or id')
    .argument('[revision]', 'number of a revision', parseCount(1))
    .action((ref: string, number: number | undefined) =>
      number === undefined ? show(context, ref) : showRevision(context, ref, number),
    );
  const rollback = command
    .command('rollback')
    .description('restore the configuration of an earlier revision')
    .argument('<vm>', 'name or id')
    .argument('<revision>', 'number of a revision', parseCount(1));
  addApplyOptions(rollback).action((ref: string, number: number, options: ApplyOptions) =>
    rollBack(context, ref, number, options),
  );
}

async function show(context: Context, ref: string): Promise<void> {
  const state = await (await connect(context)).vms.config(ref);
  if (context.globals.json === true) return printJson(context, state);
  const pending = Object.keys(state.pending_changes).length === 0 ? 'nothing' : formatChanges(state.pending_changes);
  context.stdout.write(
    formatFields([
      ['revision', String(state.revision)],
      ...fieldsOf(state.config),
      ['pending', `${pending}${state.restart_required ? ' (takes a restart)' : ''}`],
    ]),
  );
}

async function showRevision(context: Context, ref: string, number: number): Promise<void> {
  const revision = await (await connect(context)).vms.configRevision(ref, number);
  if (context.globals.json === true) return printJson(context, revision);
  const by = `${revision.author}, ${formatAge(revision.at)} ago`;
  context.stdout.write(formatFields([['revision', `${revision.number} by ${by}`], ...fieldsOf(revision.config)]));
}

async function history(context: Context, ref: string, limit: number): Promise<void> {
  const page = await (await connect(context)).vms.configHistory(ref, { limit });
  if (context.globals.json === true) return printJson(context, page);
  context.stdout.write(
    formatTable(
      ['REVISION', 'WHEN', 'BY', 'CHANGES'],
      page.items.map((revision) => [
        String(revision.number),
        formatAge(revision.at),
        revision.author,
        changesOf(revision),
      ]),
    ),
  );
}

async function rollBack(context: Context, ref: string, number: number, options: ApplyOptions): Promise<void> {
  const client = await connect(context);
  const vm = await applyChange(context, client, options, async (applying) => {
    await client.vms.rollBack(ref, number, applying);
    return await client.vms.get(ref);
  });
  if (context.globals.json === true) printJson(context, await client.vms.config(vm.id));
  else context.stdout.write(`${vm.name}\n`);
}

function changesOf({ changes, rolled_back_to }: VmRevision): string {
  const text = 'created' in changes && changes.created === true ? 'created' : formatChanges(onlyChanges(changes));
  return rolled_back_to === null ? text : `back to ${rolled_back_to}: ${text}`;
}

function onlyChanges(changes: VmRevision['changes']): Parameters<typeof formatChanges>[0] {
  return Object.fromEntries(
    Object.entries(changes).flatMap(([path, change]) => (change === true ? [] : [[path, change] as const])),
  );
}

function fieldsOf(config: VmConfig): readonly (readonly [string, string])[] {
  return Object.entries(config).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
}
