import type { StorageKind } from '@volary/contract';
import { connect } from './connect.ts';
import { type Context, printJson } from './context.ts';
import { finishOperation } from './operations/finish-operation.ts';
import { formatBytes } from './output/format.ts';
import { formatTable } from './output/table.ts';
import { readPruned } from './read-pruned.ts';

/** Removes what nothing needs of these kinds (none: of those that the server takes then), and says what went. */
export async function prune(
  context: Context,
  kinds: readonly StorageKind[],
  { dryRun }: { readonly dryRun?: true },
): Promise<void> {
  const client = await connect(context);
  const request = { ...(kinds.length === 0 ? {} : { kinds: [...kinds] }), dry_run: dryRun === true };
  const titles = { doing: 'Removing what nothing needs', done: dryRun === true ? 'Nothing was removed' : 'Done' };
  const { result } = await finishOperation(context, client, await client.system.prune(request), titles);
  if (context.globals.json === true) return printJson(context, result);
  const { items, freedBytes } = readPruned(result);
  const rows = items.map(({ kind, id, name, bytes, state, message }) => [
    kind,
    name ?? (id.length > 40 ? id.slice(0, 12) : id),
    formatBytes(bytes),
    message === null ? state : `${state}: ${message}`,
  ]);
  if (rows.length > 0) context.stdout.write(formatTable(['KIND', 'WHAT', 'SIZE', 'STATE'], rows));
  context.stdout.write(`freed ${formatBytes(freedBytes)}\n`);
}
