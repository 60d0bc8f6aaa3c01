import type { Session } from '@volary/contract';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { removeEach } from '../operations/remove-each.ts';
import { formatAge } from '../output/format.ts';
import { formatTable } from '../output/table.ts';

/** `volary sessions ls|rm`. */
export function configureSessions(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('ls')
    .description('list active logins: yours, or all if you may see them')
    .option('--user <name>', 'only those of this user')
    .action((options: { readonly user?: string }) => list(context, options));
  command
    .command('rm')
    .description('end logins at once')
    .argument('<session...>', 'ids')
    .action((ids: readonly string[]) => remove(context, ids));
}

async function list(context: Context, { user }: { readonly user?: string }): Promise<void> {
  const items: Session[] = [];
  const query = user === undefined ? {} : { user };
  for await (const session of (await connect(context)).auth.allSessions(query)) items.push(session);
  if (context.globals.json === true) return printJson(context, { items });
  const rows = items.map((session) => [
    session.id,
    session.owner,
    formatAge(session.last_used_at),
    session.address ?? '-',
    `${session.user_agent}${session.is_current ? ' (this one)' : ''}`,
  ]);
  context.stdout.write(formatTable(['ID', 'USER', 'USED', 'ADDRESS', 'CLIENT'], rows));
}

async function remove(context: Context, ids: readonly string[]): Promise<void> {
  const { auth } = await connect(context);
  await removeEach(context, ids, async (id) => {
    await auth.revokeSession(id);
    return { name: id };
  });
}
