import type { Network, TrafficRule, UpdateNetworkRequest } from '@volary/contract';
import { type Command, InvalidArgumentError } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { addEgressOptions, ruleText } from '../operations/network-options.ts';
import { removeEach } from '../operations/remove-each.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { formatAge } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';
import { collectPairs } from '../parse-values.ts';

interface PolicyOptions {
  readonly egress?: Network['egress'];
  readonly allow?: readonly TrafficRule[];
  readonly dns?: string;
  readonly label?: Readonly<Record<string, string>>;
}

interface CreateOptions extends PolicyOptions {
  readonly cidr: string;
  readonly subnet?: readonly Network['subnets'][number][];
}

/** `volary network create|ls|show|update|rm`. */
export function configureNetwork(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addPolicyOptions(
    command
      .command('create')
      .description('create a network; its VMs of the same owner reach each other')
      .argument('<name>', 'lower-case letters, digits and hyphens')
      .requiredOption('--cidr <range>', 'its address range, for example 10.80.0.0/24')
      .option('--subnet <name=range>', 'a part of it with a name; may be repeated', collectSubnets),
  ).action(async (name: string, { cidr, subnet, ...policy }: CreateOptions) => {
    const request = { name, cidr, ...(subnet === undefined ? {} : { subnets: [...subnet] }), ...policyRequest(policy) };
    const made = await (await connect(context)).networks.create(request);
    print(context, made, () => `${made.name}\n`);
  });
  addSelectorOption(command.command('ls').description('list networks')).action((options: SelectorOptions) =>
    list(context, options),
  );
  command
    .command('show')
    .description('show a network')
    .argument('<network>', 'name or id')
    .action(async (ref: string) => {
      const network = await (await connect(context)).networks.get(ref);
      print(context, network, () => describe(network));
    });
  addPolicyOptions(
    command
      .command('update')
      .description('change what the VMs of a network may reach outside, at once')
      .argument('<network>', 'name or id'),
  ).action(async (ref: string, policy: PolicyOptions) => {
    const network = await (await connect(context)).networks.update(ref, policyRequest(policy));
    print(context, network, () => describe(network));
  });
  command
    .command('rm')
    .description('delete networks without VMs')
    .argument('<network...>', 'names or ids')
    .action(async (refs: readonly string[]) => {
      const client = await connect(context);
      await removeEach(context, refs, async (ref) => {
        await client.networks.delete(ref);
        return { name: ref };
      });
    });
}

function addPolicyOptions(command: Command): Command {
  return addEgressOptions(command)
    .option('--dns <address|none>', 'the name server for its VMs')
    .option('-l, --label <key=value>', 'a label; the given ones replace all its labels', collectPairs);
}

function policyRequest({ egress, allow, dns, label }: PolicyOptions): UpdateNetworkRequest {
  return {
    ...(egress === undefined ? {} : { egress }),
    ...(allow === undefined ? {} : { allow: [...allow] }),
    ...(dns === undefined ? {} : { dns: dns === 'none' ? null : dns }),
    ...(label === undefined ? {} : { labels: label }),
  };
}

async function list(context: Context, options: SelectorOptions): Promise<void> {
  const items: Network[] = [];
  for await (const network of (await connect(context)).networks.listAll(selectorQuery(options))) items.push(network);
  print(context, { items }, () =>
    formatTable(
      ['NAME', 'CIDR', 'EGRESS', 'USED', 'OWNER', 'MADE'],
      items.map(({ name, cidr, egress, addresses, owner, created_at }) => [
        name,
        cidr,
        egress,
        `${addresses.used}/${addresses.total}`,
        owner,
        formatAge(created_at),
      ]),
    ),
  );
}

function describe(network: Network): string {
  const { addresses } = network;
  return formatFields([
    ['name', network.name],
    ['id', network.id],
    ['owner', network.owner],
    ['cidr', network.cidr],
    ['gateway', network.gateway],
    ['subnets', network.subnets.map(({ name, cidr }) => `${name}=${cidr}`).join(', ') || 'none'],
    ['egress', [network.egress, ...network.allow.map(ruleText)].join(' ')],
    ['dns', network.dns ?? 'none'],
    ['bridge', network.bridge_name],
    ['addresses', `${addresses.used} of ${addresses.total} used`],
    ['created', network.created_at],
    ['changed', network.updated_at],
  ]);
}

function collectSubnets(
  text: string,
  before: readonly Network['subnets'][number][] = [],
): readonly Network['subnets'][number][] {
  const [, name, cidr] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  if (name === undefined || cidr === undefined)
    throw new InvalidArgumentError('A subnet is NAME=RANGE, as front=10.80.0.0/26.');
  return [...before, { name, cidr }];
}

function print(context: Context, value: unknown, toText: () => string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(toText());
}
