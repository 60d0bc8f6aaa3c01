import type { DriverStatus, Host, Vm } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { findEndpoint } from '../endpoint.ts';
import { styledPhase } from '../output/style.ts';
import { formatFields } from '../output/table.ts';

/** `volary status`: the server, its host, and how many VMs are in which phase. */
export function configureStatus(command: Command, context: Context): void {
  command.action(async () => {
    const client = await connect(context);
    const [{ url }, capabilities, hosts] = await Promise.all([
      findEndpoint(context.globals, context.env),
      client.capabilities(),
      client.hosts.list(),
    ]);
    const phases: Record<string, number> = {};
    for await (const vm of client.vms.listAll({ limit: 200 })) phases[vm.phase] = (phases[vm.phase] ?? 0) + 1;

    if (context.globals.json === true) printJson(context, { url, capabilities, hosts: hosts.items, vms: phases });
    else {
      context.stdout.write(
        formatFields([
          ['server', `${url}, version ${capabilities.version}, driver ${capabilities.driver}`],
          ...hosts.items.flatMap(hostFields),
          ...capabilities.drivers.map(driverField),
          ['networks', capabilities.why_no_bridges ?? 'VMs can be joined to them'],
          ['migration', capabilities.why_no_migration ?? 'VMs can go to other hosts'],
          ['vms', formatPhases(context, phases)],
          ...capabilities.degraded.map((what) => ['degraded', what] as const),
        ]),
      );
    }
  });
}

function hostFields(host: Host): readonly (readonly [string, string])[] {
  return [
    ['host', `${host.name}, ${host.cpus} CPUs, ${host.driver} ${host.driver_version || '(not installed)'}`],
    ['accelerator', `${host.accelerator.kind}: ${host.accelerator.explanation}`],
    ['memory', `${host.memory_available_mib} MiB free of ${host.memory_mib}; ${host.memory_promised_mib} promised`],
    ['disk', `${host.disk_available_gib} GiB free of ${host.disk_gib}; ${host.disk_promised_gib} promised`],
  ];
}

function driverField({ kind, version, why_not }: DriverStatus): readonly [string, string] {
  return ['driver', why_not === null ? `${kind} ${version}` : `${kind}: not now. ${why_not}`];
}

function formatPhases({ stdout }: Context, phases: Readonly<Record<Vm['phase'] | string, number>>): string {
  const parts = Object.entries(phases).map(([phase, count]) => `${count} ${styledPhase(stdout, phase)}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
