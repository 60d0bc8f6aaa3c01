import { openQuestions } from '../ask.ts';
import type { Context } from '../context.ts';
import { usageError } from '../errors.ts';

/**
 * A new password: asked for twice on a terminal, which does not show it, else the first line of what is piped in. Never from the command line,
 * which others on this machine can see.
 */
export async function readNewPassword(context: Context, user: string): Promise<string> {
  using questions = openQuestions(context);
  const password = await questions.askSecret(`New password of ${user}: `);
  if (password === '') throw usageError('A password has at least one character.');
  if (questions.isTerminal && (await questions.askSecret('Once more: ')) !== password)
    throw usageError('These are two different passwords.');
  return password;
}
