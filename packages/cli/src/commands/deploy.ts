import type { Deployment, UpdateDeploymentRequest } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { addDeploymentOptions, type DeploymentOptions, deploymentRequest } from '../deployments/deployment-options.ts';
import { describeDeployment, formatDeployments, formatRevisions } from '../deployments/format-deployment.ts';
import { untilPhase, untilRunning } from '../deployments/wait-for-deployment.ts';
import { removeEach } from '../operations/remove-each.ts';
import { parseCount, parseDurationMs } from '../parse-values.ts';

/** Whether to wait until all is as it is wanted, and how long. */
interface WaitOptions {
  readonly wait?: true;
  readonly timeout: number;
}

interface ListOptions {
  readonly quiet?: true;
  readonly selector?: string;
}

/** `volary deploy create|ls|show|scale|update|pause|resume|restart|rollback|history|rm`. */
export function configureDeploy(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addWait(addDeploymentOptions(command.command('create').description('run N replicas of a VM')))
    .argument('<name>', 'its name; its VMs are named NAME-1, NAME-2 …')
    .action((name: string, options: DeploymentOptions & WaitOptions) => create(context, name, options));
  command
    .command('ls')
    .description('list deployments')
    .option('-q, --quiet', 'names alone')
    .option('--selector <selector>', "only those with such labels: 'a=b,c!=d,e in (f,g),!h'")
    .action((options: ListOptions) => list(context, options));
  command
    .command('show')
    .description('show one deployment and its replicas')
    .argument('<deployment>', 'name or id')
    .action(async (ref: string) => {
      const deployment = await (await connect(context)).deployments.get(ref);
      print(context, deployment, () => describeDeployment(deployment));
    });
  addWait(command.command('scale').description('have more or fewer; the highest numbers go first'))
    .argument('<deployment>', 'name or id')
    .argument('<replicas>', 'how many', parseCount(0))
    .action((ref: string, replicas: number, options: WaitOptions) => change(context, ref, { replicas }, options));
  addWait(
    addDeploymentOptions(command.command('update').description('change what its replicas are, and roll that out')),
  )
    .argument('<deployment>', 'name or id')
    .action((ref: string, options: DeploymentOptions & WaitOptions) =>
      change(context, ref, deploymentRequest(options), options),
    );
  addWait(command.command('pause').description('let its rollouts stand still; what fails is still replaced'))
    .argument('<deployment>', 'name or id')
    .action((ref: string, options: WaitOptions) => change(context, ref, { is_paused: true }, options));
  addWait(command.command('resume').description('let its rollouts go on'))
    .argument('<deployment>', 'name or id')
    .action((ref: string, options: WaitOptions) => change(context, ref, { is_paused: false }, options));
  addWait(command.command('restart').description('replace all replicas by new ones of the same kind'))
    .argument('<deployment>', 'name or id')
    .action((ref: string, options: WaitOptions) =>
      finish(context, ref, options, (client) => client.deployments.restart(ref)),
    );
  addWait(command.command('rollback').description('roll out an earlier revision'))
    .argument('<deployment>', 'name or id')
    .option('--to <revision>', 'its number (default: the previously rolled-out revision)', parseCount(1))
    .action((ref: string, options: WaitOptions & { readonly to?: number }) =>
      finish(context, ref, options, (client) => client.deployments.rollBack(ref, options.to)),
    );
  command
    .command('history')
    .description('list its revisions, newest first')
    .argument('<deployment>', 'name or id')
    .action((ref: string) => history(context, ref));
  command
    .command('rm')
    .description('delete deployments with all their VMs, and wait until they are gone')
    .argument('<deployment...>', 'names or ids')
    .option('--no-wait', 'do not wait')
    .action((refs: readonly string[], options: { readonly wait: boolean }) => remove(context, refs, options));
}

const LONGEST_MS = 600_000;

function addWait(command: Command): Command {
  return command
    .option('--wait', 'wait until all replicas are up to date, and show the progress')
    .addOption(
      new Option('--timeout <time>', 'how long to wait, such as 30s or 5m')
        .argParser(parseDurationMs)
        .default(LONGEST_MS, '10m'),
    );
}

async function create(context: Context, name: string, options: DeploymentOptions & WaitOptions): Promise<void> {
  await finish(context, name, options, (client) => client.deployments.create({ name, ...deploymentRequest(options) }));
}

async function change(
  context: Context,
  ref: string,
  request: UpdateDeploymentRequest,
  options: WaitOptions,
): Promise<void> {
  await finish(context, ref, options, (client) => client.deployments.update(ref, request));
}

/** Asks, waits if that is wanted, and prints the name. */
async function finish(
  context: Context,
  ref: string,
  { wait, timeout }: WaitOptions,
  ask: (client: VolaryClient) => Promise<Deployment>,
): Promise<void> {
  const client = await connect(context);
  const asked = await ask(client);
  const deployment = wait === true ? await untilRunning(context, client, ref, timeout) : asked;
  print(context, deployment, () => `${deployment.name}\n`);
}

async function list(context: Context, { quiet, selector }: ListOptions): Promise<void> {
  const query = selector === undefined ? {} : { selector };
  const items: Deployment[] = [];
  for await (const each of (await connect(context)).deployments.listAll(query)) items.push(each);
  print(context, { items }, () =>
    quiet === true ? items.map(({ name }) => `${name}\n`).join('') : formatDeployments(items),
  );
}

async function history(context: Context, ref: string): Promise<void> {
  const client = await connect(context);
  const deployment = await client.deployments.get(ref);
  const page = await client.deployments.revisions(ref, { limit: 200 });
  print(context, page, () => formatRevisions(deployment, page.items));
}

async function remove(context: Context, refs: readonly string[], { wait }: { readonly wait: boolean }): Promise<void> {
  const client = await connect(context);
  await removeEach(context, refs, async (ref) => {
    const { name } = await client.deployments.delete(ref);
    const whenGone = () => untilPhase(context, client, name, { phase: 'absent', timeoutMs: LONGEST_MS });
    return wait ? { name, whenGone } : { name };
  });
}

function print(context: Context, value: unknown, forPeople: () => string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(forPeople());
}
