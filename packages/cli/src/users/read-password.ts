import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';
import { readHidden } from '../secrets/read-hidden.ts';

/**
 * A new password: asked for twice on a terminal that does not show it, else the first line of what is piped in. Never from the command line, which others
 * on this machine can see.
 */
export async function readNewPassword(context: Context, user: string): Promise<string> {
  if (!context.stdin.isTTY) return await readPiped(context);
  const password = await readHidden(context, `New password of ${user}: `);
  if ((await readHidden(context, 'Once more: ')) !== password) throw usageError('These are two different passwords.');
  return password;
}

async function readPiped({ stdin }: Context): Promise<string> {
  let text = '';
  stdin.setEncoding('utf8');
  for await (const part of stdin) text += String(part);
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '') throw usageError('There is no password in what is piped in.');
  return line;
}
