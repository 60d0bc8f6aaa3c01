import type { Workspace } from '@volary/contract';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { removeEach } from '../operations/remove-each.ts';
import { parseDurationMs } from '../parse-values.ts';
import { describeWorkspace, formatWorkspaces } from '../workspaces/format-workspace.ts';
import { untilStatus } from '../workspaces/wait-for-workspace.ts';
import { addWorkspaceOptions, type WorkspaceOptions, workspaceRequest } from '../workspaces/workspace-options.ts';
import { configureSsh } from './ssh.ts';

interface WaitOptions {
  readonly wait: boolean;
  readonly timeout: number;
}

const LONGEST_MS = 1_800_000;

/** `volary workspace create|ls|get|extend|ssh|logs|rm`. */
export function configureWorkspace(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addWorkspaceOptions(command.command('create').description('have a VM of your own for a time, set up for use'))
    .argument('<name>', 'its name, among your own')
    .option('--no-wait', 'do not wait until it is ready', true)
    .addOption(
      new Option('--timeout <time>', 'how long to wait, such as 5m')
        .argParser(parseDurationMs)
        .default(LONGEST_MS, '30m'),
    )
    .action((name: string, options: WorkspaceOptions & WaitOptions) => create(context, name, options));
  command
    .command('ls')
    .description('list workspaces')
    .option('-q, --quiet', 'names alone')
    .option('--selector <selector>', "only those with such labels: 'a=b,c!=d,e in (f,g),!h'")
    .action((options: { readonly quiet?: true; readonly selector?: string }) => list(context, options));
  command
    .command('get')
    .description('show one workspace: its progress, and how to get in')
    .argument('<workspace>', 'name or id')
    .action(async (ref: string) => {
      const workspace = await (await connect(context)).workspaces.get(ref);
      print(context, workspace, () => describeWorkspace(workspace));
    });
  command
    .command('extend')
    .description('set how long it lives from now on')
    .argument('<workspace>', 'name or id')
    .argument('<time>', 'such as 2h or 3d', parseDurationMs)
    .action(async (ref: string, timeMs: number) => {
      const workspace = await (await connect(context)).workspaces.extend(ref, Math.ceil(timeMs / 1_000));
      print(context, workspace, () => `${workspace.name} lives until ${workspace.expires_at ?? 'it is deleted'}\n`);
    });
  configureSsh(command.command('ssh').description('log in to a workspace, as `volary ssh` does'), context);
  command
    .command('logs')
    .description('print the output of its clone and its prep steps')
    .argument('<workspace>', 'name or id')
    .action((ref: string) => logs(context, ref));
  command
    .command('rm')
    .description('delete workspaces with their VMs, and wait until they are gone')
    .argument('<workspace...>', 'names or ids')
    .option('--no-wait', 'do not wait', true)
    .action((refs: readonly string[], options: { readonly wait: boolean }) => remove(context, refs, options));
}

async function create(context: Context, name: string, options: WorkspaceOptions & WaitOptions): Promise<void> {
  const client = await connect(context);
  const made = await client.workspaces.create(workspaceRequest(name, options));
  const wanted = { status: 'running', timeoutMs: options.timeout } as const;
  const workspace = options.wait ? ((await untilStatus(context, client, made, wanted)) ?? made) : made;
  print(context, workspace, () => `${workspace.name}\n`);
  const enter = workspace.connection_info?.ssh_command;
  if (enter !== undefined && context.globals.json !== true) context.stderr.write(`enter it: ${enter}\n`);
}

async function list(
  context: Context,
  { quiet, selector }: { readonly quiet?: true; readonly selector?: string },
): Promise<void> {
  const query = selector === undefined ? {} : { selector };
  const items: Workspace[] = [];
  for await (const each of (await connect(context)).workspaces.listAll(query)) items.push(each);
  print(context, { items }, () =>
    quiet === true ? items.map(({ name }) => `${name}\n`).join('') : formatWorkspaces(items),
  );
}

async function logs(context: Context, ref: string): Promise<void> {
  const client = await connect(context);
  const { setup } = await client.workspaces.get(ref);
  const decoder = new TextDecoder();
  const steps: { command: string; state: string; stdout: string; stderr: string }[] = [];
  for (const { execution_id: id, command, state } of setup.steps) {
    const texts = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      if (id !== null)
        for await (const bytes of client.executions.readOutput(id, { stream }))
          texts[stream] += decoder.decode(bytes, { stream: true });
    steps.push({ command, state, ...texts });
  }
  print(context, { steps }, () =>
    steps.map(({ command, state, stdout, stderr }) => `$ ${command}  (${state})\n${stdout}${stderr}`).join(''),
  );
}

async function remove(context: Context, refs: readonly string[], { wait }: { readonly wait: boolean }): Promise<void> {
  const client = await connect(context);
  await removeEach(context, refs, async (ref) => {
    const deleted = await client.workspaces.delete(ref);
    const whenGone = () => untilStatus(context, client, deleted, { status: 'absent', timeoutMs: LONGEST_MS });
    return wait ? { name: deleted.name, whenGone } : { name: deleted.name };
  });
}

function print(context: Context, value: unknown, forPeople: () => string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(forPeople());
}
