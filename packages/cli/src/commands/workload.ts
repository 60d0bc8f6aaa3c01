import type { WorkloadStatus } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatFields } from '../output/table.ts';
import { parseDurationMs } from '../parse-values.ts';
import { describeWorkload } from '../workloads/describe-workload.ts';

/** `volary workload get|restart VM`: how what a VM runs is, and running it anew. */
export function configureWorkload(command: Command, context: Context): void {
  command
    .command('get')
    .description('show how it is')
    .argument('<vm>', 'name or id')
    .action(async (ref: string) => print(context, await (await connect(context)).workloads.get(ref)));
  command
    .command('restart')
    .description('restart it, whatever its restart policy')
    .argument('<vm>', 'name or id')
    .option('--grace <duration>', 'how long its run may take to end, such as 500ms, 10s (default 10s)', parseDurationMs)
    .action(async (ref: string, { grace }: { readonly grace?: number }) => {
      const client = await connect(context);
      print(context, await client.workloads.restart(ref, grace === undefined ? {} : { graceMs: grace }));
    });
}

function print(context: Context, status: WorkloadStatus): void {
  if (context.globals.json === true) {
    printJson(context, status);
    return;
  }
  context.stdout.write(
    formatFields([
      ['state', describeWorkload(status)],
      ['runs', String(status.runs)],
      ['last exit', status.last_exit_at ?? '-'],
      ['execution', status.execution_id ?? '-'],
    ]),
  );
}
