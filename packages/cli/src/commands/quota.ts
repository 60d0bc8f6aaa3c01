import type { QuotaState } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatTable } from '../output/table.ts';

const KINDS = [
  ['vms', 'VMs'],
  ['vcpus', 'processors of running VMs'],
  ['memory_mib', 'memory of running VMs, MiB'],
  ['disk_gib', 'disks, GiB'],
  ['snapshots', 'snapshots'],
  ['executions', 'commands at once'],
  ['networks', 'networks'],
  ['security_groups', 'security groups'],
] as const satisfies readonly (readonly [keyof QuotaState['used'], string])[];

/** `volary quota`: what one may have, and has. */
export function configureQuota(command: Command, context: Context): void {
  command.action(async () => {
    const state = await (await connect(context)).quota();
    if (context.globals.json === true) return printJson(context, state);
    const rows = KINDS.map(([kind, what]) => [what, String(state.used[kind]), String(state.limits[kind] ?? '-')]);
    context.stdout.write(formatTable(['WHAT', 'USED', 'LIMIT'], rows));
  });
}
