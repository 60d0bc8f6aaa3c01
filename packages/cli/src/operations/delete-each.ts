import type { VolaryClient } from '@volary/sdk';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { askEach } from './ask-each.ts';
import { finishOperation } from './finish-operation.ts';

type Accepted = Parameters<typeof finishOperation>[2];

/**
 * Has each of these deleted by an operation, one after the other, and waits for it if that is wanted. One that cannot be deleted is told and keeps the others
 * from nothing; the exit code is that of the first.
 */
export async function deleteEach(
  context: Context,
  refs: readonly string[],
  { wait }: { readonly wait: boolean },
  request: (client: VolaryClient, ref: string) => Promise<Accepted>,
): Promise<void> {
  const client = await connect(context);
  const isJson = context.globals.json === true;
  const items = await askEach(context, refs, async (ref) => {
    const accepted = await request(client, ref);
    const titles = { doing: `Deleting ${ref}`, done: `${ref} is deleted` };
    const operation = wait ? await finishOperation(context, client, accepted, titles) : accepted;
    if (!isJson) context.stdout.write(`${accepted.subject.name}\n`);
    return operation;
  });
  if (isJson) printJson(context, { items });
}
