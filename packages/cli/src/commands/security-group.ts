import type { SecurityGroup, TrafficRule, UpdateSecurityGroupRequest } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { collectRules, ruleText } from '../operations/network-options.ts';
import { removeEach } from '../operations/remove-each.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { formatAge } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';
import { collectPairs } from '../parse-values.ts';

interface RuleOptions {
  readonly description?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly in?: readonly TrafficRule[] | false;
  readonly out?: readonly TrafficRule[] | false;
  readonly anyOut?: boolean;
}

/** `volary security-group create|ls|show|update|rm`. */
export function configureSecurityGroup(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addRuleOptions(
    command
      .command('create')
      .description('make firewall rules for VMs: only connections listed by --in may be opened to them')
      .argument('<name>', 'lower-case letters, digits and hyphens'),
  ).action(async (name: string, options: RuleOptions) => {
    const made = await (await connect(context)).securityGroups.create({ name, ...rulesRequest(options) });
    print(context, made, () => `${made.name}\n`);
  });
  addSelectorOption(command.command('ls').description('list security groups')).action((options: SelectorOptions) =>
    list(context, options),
  );
  command
    .command('show')
    .description('show a security group')
    .argument('<group>', 'name or id')
    .action(async (ref: string) => {
      const group = await (await connect(context)).securityGroups.get(ref);
      print(context, group, () => describe(group));
    });
  addRuleOptions(
    command.command('update').description('replace the rules of a group, at once').argument('<group>', 'name or id'),
  ).action(async (ref: string, options: RuleOptions) => {
    const group = await (await connect(context)).securityGroups.update(ref, rulesRequest(options));
    print(context, group, () => describe(group));
  });
  command
    .command('rm')
    .description('delete security groups that no VM uses')
    .argument('<group...>', 'names or ids')
    .action(async (refs: readonly string[]) => {
      const client = await connect(context);
      await removeEach(context, refs, async (ref) => {
        await client.securityGroups.delete(ref);
        return { name: ref };
      });
    });
}

function addRuleOptions(command: Command): Command {
  return command
    .option('-l, --label <key=value>', 'a label; the given ones replace all its labels', collectPairs)
    .option(
      '--in <rule>',
      'allowed connections to its VMs, as [tcp:|udp:|icmp:]CIDR[:PORTS]; may be repeated',
      collectMore,
    )
    .option('--no-in', 'no connections to its VMs are allowed')
    .option('--out <rule>', 'connections that its VMs may open, likewise; may be repeated', collectMore)
    .option('--no-out', 'its VMs may open no connections')
    .option('--any-out', 'its VMs may open every connection that egress allows')
    .option('--description <text>', 'what it is for');
}

/** What an option without a value was before is none of its values. */
function collectMore(text: string, before: readonly TrafficRule[] | boolean | undefined): readonly TrafficRule[] {
  return collectRules(text, Array.isArray(before) ? before : []);
}

function rulesRequest({
  description,
  label,
  in: ingress,
  out: egress,
  anyOut,
}: RuleOptions): UpdateSecurityGroupRequest {
  return {
    ...(description === undefined ? {} : { description }),
    ...(label === undefined ? {} : { labels: label }),
    ...(isGiven(ingress) ? { ingress: ingress === false ? [] : [...ingress] } : {}),
    ...(isGiven(egress) ? { egress: egress === false ? [] : [...egress] } : {}),
    ...(anyOut === true ? { egress: null } : {}),
  };
}

/** Commander says `true` of an option that can be negated, and was not given. */
function isGiven(option: readonly TrafficRule[] | boolean | undefined): option is readonly TrafficRule[] | false {
  return option !== undefined && option !== true;
}

async function list(context: Context, options: SelectorOptions): Promise<void> {
  const items: SecurityGroup[] = [];
  for await (const group of (await connect(context)).securityGroups.listAll(selectorQuery(options))) items.push(group);
  print(context, { items }, () =>
    formatTable(
      ['NAME', 'IN', 'OUT', 'OWNER', 'CHANGED', 'DESCRIPTION'],
      items.map(({ name, ingress, egress, owner, updated_at, description }) => [
        name,
        rulesText(ingress),
        egress === null ? 'any' : rulesText(egress),
        owner,
        formatAge(updated_at),
        description,
      ]),
    ),
  );
}

function describe(group: SecurityGroup): string {
  return formatFields([
    ['name', group.name],
    ['id', group.id],
    ['owner', group.owner],
    ['description', group.description],
    ['in', rulesText(group.ingress)],
    ['out', group.egress === null ? 'any' : rulesText(group.egress)],
    ['created', group.created_at],
    ['changed', group.updated_at],
  ]);
}

function rulesText(rules: readonly TrafficRule[]): string {
  return rules.length === 0 ? 'nothing' : rules.map(ruleText).join(' ');
}

function print(context: Context, value: unknown, toText: () => string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(toText());
}
