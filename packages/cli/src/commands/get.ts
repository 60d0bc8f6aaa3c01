import type { Vm, VmPlaces } from '@volary/contract';
import type { Command } from 'commander';
import { formatChanges } from '../config/apply-change.ts';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { ruleText } from '../operations/network-options.ts';
import { formatAge } from '../output/format.ts';
import { styledPhase } from '../output/style.ts';
import { formatFields } from '../output/table.ts';
import { formatSecret } from '../secrets/given-secrets.ts';
import { describeWorkload } from '../workloads/describe-workload.ts';

/** `volary get VM`: everything known of it. */
export function configureGet(command: Command, context: Context): void {
  command
    .argument('<vm>', 'name or id')
    .option('--places', 'only print its paths on the host')
    .action(async (ref: string, options: { readonly places?: true }) => {
      const { vms } = await connect(context);
      if (options.places === true) {
        const places = await vms.locate(ref);
        if (context.globals.json === true) printJson(context, places);
        else context.stdout.write(formatPlaces(places));
        return;
      }
      const vm = await vms.get(ref);
      if (context.globals.json === true) printJson(context, vm);
      else context.stdout.write(formatVm(context, vm));
    });
}

function formatPlaces({ kernel_path: kernel, root_path: root, socket_path: socket }: VmPlaces): string {
  return formatFields([
    ['kernel', kernel ?? '-'],
    ['root', root ?? '-'],
    ['socket', socket ?? '-'],
  ]);
}

function formatVm({ stdout }: Context, vm: Vm): string {
  const pairs = (record: Readonly<Record<string, unknown>>) =>
    Object.entries(record)
      .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' ') || '-';
  return formatFields([
    ['name', vm.name],
    ['id', vm.id],
    ['phase', `${styledPhase(stdout, vm.phase)}, for ${formatAge(vm.phase_since)}`],
    ...(vm.operation_id === null ? [] : [['operation', vm.operation_id] as const]),
    ...failureFields(vm),
    ...(vm.suspension === null ? [] : [['suspended', `${vm.suspension.at}: ${vm.suspension.message}`] as const]),
    ...(vm.suspension?.problem == null ? [] : [['problem', vm.suspension.problem] as const]),
    ['health', vm.health],
    ...(vm.workload_status === null ? [] : [['workload', describeWorkload(vm.workload_status)] as const]),
    ...(vm.cloud_init_status === null ? [] : [['cloud-init', cloudInitField(vm.cloud_init_status)] as const]),
    ['restart', restartField(vm)],
    ['suspend', sleepField(vm)],
    ...(vm.expires_at === null ? [] : [['expires', vm.expires_at] as const]),
    ['image', vm.image_digest === null ? vm.image : `${vm.image} (${vm.image_digest.slice(0, 12)})`],
    ...(vm.snapshot_id === null ? [] : [['snapshot', vm.snapshot_id] as const]),
    ...(vm.tools.length === 0 ? [] : [['tools', vm.tools.map(toolText).join(' ')] as const]),
    ...(alertText(vm) === '' ? [] : [['alerts', alertText(vm)] as const]),
    ['vcpus', String(vm.vcpus)],
    ['memory', `${vm.memory_mib} MiB`],
    ['disk', `${vm.disk_gib} GiB`],
    ['network', networkText(vm)],
    ...(vm.secrets.length === 0 ? [] : [['secrets', vm.secrets.map(formatSecret).join(' ')] as const]),
    ...(Object.keys(vm.pending_changes).length === 0 ? [] : [pendingField(vm)]),
    ['labels', pairs(vm.labels)],
    ['metadata', pairs(vm.metadata)],
    ['driver', vm.driver],
    ['host', vm.host],
    ['process', vm.pid === null ? '-' : String(vm.pid)],
    ['incarnation', String(vm.incarnation)],
    ['owner', vm.owner],
    ['created', `${vm.created_at}, ${formatAge(vm.created_at)} ago`],
    ['started', vm.started_at === null ? '-' : `${vm.started_at}, ${formatAge(vm.started_at)} ago`],
  ]);
}

/** `digest` is null until its pack is built. */
function toolText({ name, version, digest }: Vm['tools'][number]): string {
  return `${name}@${version}${digest === null ? ' (not there yet)' : ''}`;
}

function cloudInitField({ state, errors }: NonNullable<Vm['cloud_init_status']>): string {
  return [state, ...errors.map((text) => text.split('\n', 1)[0])].join(': ');
}

function pendingField({ pending_changes, restart_required }: Vm): readonly [string, string] {
  return ['pending', `${formatChanges(pending_changes)}${restart_required ? ' (takes a restart)' : ''}`];
}

function sleepField({ auto_suspend, auto_wake }: Vm): string {
  const wakes = auto_wake ? 'woken by use' : 'not woken by use';
  if (auto_suspend === null) return `when asked to, ${wakes}`;
  const { idle_seconds, cpu_below_percent = 5 } = auto_suspend;
  return `when idle for ${idle_seconds} s (below ${cpu_below_percent} % of a processor), ${wakes}`;
}

/** What is not as the server has it. */
function alertText({ alerts }: Vm): string {
  return Object.entries(alerts)
    .filter(([, when]) => when !== null)
    .map(([name, when]) => `${name.replace('_percent', '')} ${typeof when === 'number' ? `${when} %` : when}`)
    .join(', ');
}

function restartField({ restart_policy, restart_count, restart_at }: Vm): string {
  const count = restart_count === 0 ? '' : `, ${restart_count} in a row`;
  return `${restart_policy}${count}${restart_at === null ? '' : `, next at ${restart_at}`}`;
}

function failureFields({ failure }: Vm): readonly (readonly [string, string])[] {
  if (failure === null) return [];
  const tail = failure.console_tail.trimEnd();
  return [['failure', `${failure.message} (${failure.reason})`], ...(tail === '' ? [] : [['console', tail] as const])];
}

function networkText({ network, ip }: Vm): string {
  const { mode, name, egress, allow = [], security_groups: groups = [] } = network;
  if (mode !== 'bridge') return mode === 'none' ? 'none' : `${mode}, egress ${egress}`;
  const out = [egress, ...allow.map(ruleText)].join(' ');
  return `${name}, ${ip ?? 'no address'}, egress ${out}${groups.length === 0 ? '' : `, under ${groups.join(', ')}`}`;
}
