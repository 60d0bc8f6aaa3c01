import { text } from 'node:stream/consumers';
import type { Integration, NotificationTarget } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { formatAge } from '../output/format.ts';
import { formatTable } from '../output/table.ts';
import { parseTarget } from '../webhooks/parse-target.ts';

/** `volary integration ls|send|pull-request`: what the server is connected with, how that is, and what is sent there. */
export function configureIntegration(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('ls')
    .description('list integrations, their state, and what was received last')
    .action(() => list(context));
  command
    .command('send')
    .description('post a message in Slack or Discord, or comment at GitHub; prints its id')
    .argument('<target>', 'slack:CHANNEL, discord:CHANNEL or github:OWNER/NAME#ISSUE', parseTarget)
    .argument('<text>', "what it says, in the other side's markup; - reads it from stdin")
    .action((target: NotificationTarget, text: string) => send(context, target, text));
  command
    .command('pull-request')
    .description('open a pull request at GitHub; prints its address')
    .argument('<repository>', 'OWNER/NAME')
    .requiredOption('--title <title>', 'its title')
    .requiredOption('--head <branch>', 'the branch with the changes')
    .requiredOption('--base <branch>', 'the branch to merge into')
    .option('--body <text>', 'what it is about; - reads it from stdin')
    .option('--draft', 'make it a draft')
    .action((repository: string, options: PullRequestOptions) => openPullRequest(context, repository, options));
}

interface PullRequestOptions {
  readonly title: string;
  readonly head: string;
  readonly base: string;
  readonly body?: string;
  readonly draft?: true;
}

async function send(context: Context, target: NotificationTarget, given: string): Promise<void> {
  const { integration, repository = '', issue = 0, channel = '' } = target;
  const written = await textOf(context, given);
  const { integrations } = await connect(context);
  const sent =
    integration === 'github'
      ? await integrations.createComment({ repository, issue, body: written })
      : integration === 'slack'
        ? await integrations.postSlackMessage({ channel, text: written })
        : await integrations.postDiscordMessage({ channel, text: written });
  if (context.globals.json === true) printJson(context, sent);
  else context.stdout.write(`${sent.id}\n`);
}

async function openPullRequest(context: Context, repository: string, options: PullRequestOptions): Promise<void> {
  const { title, head, base, body, draft } = options;
  const about = body === undefined ? {} : { body: await textOf(context, body) };
  const asked = { ...{ repository, title, head, base }, ...about, ...(draft === true ? { is_draft: true } : {}) };
  const opened = await (await connect(context)).integrations.createPullRequest(asked);
  if (context.globals.json === true) printJson(context, opened);
  else context.stdout.write(`${opened.url}\n`);
}

async function textOf({ stdin }: Context, given: string): Promise<string> {
  return given === '-' ? await text(stdin) : given;
}

async function list(context: Context): Promise<void> {
  const { items } = await (await connect(context)).integrations.list();
  if (context.globals.json === true) printJson(context, { items });
  else
    context.stdout.write(formatTable(['NAME', 'STATUS', 'TAKES', 'SENDS', 'LAST DELIVERY', 'WHY'], items.map(rowOf)));
}

function rowOf({ name, status, takes_deliveries, can_send, last_delivery: last, why, detail }: Integration) {
  const came =
    last === null
      ? '-'
      : `${[last.kind, last.action].filter((word) => word !== null).join(' ')}, ${formatAge(last.at)}`;
  return [name, status, takes_deliveries ? 'yes' : 'no', can_send ? 'yes' : 'no', came, why ?? detail ?? '-'];
}
