import { createClient, VolaryApiError } from '@volary/sdk';
import type { Command } from 'commander';
import { reachServer } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { savedCredentials } from '../login/login-credentials.ts';
import { readLogin, withLoginLock, writeLogin } from '../login/login-file.ts';

/** `volary logout [url]` */
export function configureLogout(command: Command, context: Context): void {
  command.argument('[url]', 'address of the server').action((url: string | undefined) => run(context, url));
}

async function run(context: Context, given: string | undefined): Promise<void> {
  const { env } = context;
  const url = await reachServer(context, given);
  const login = await readLogin(env, url);
  if (login === null) {
    throw new CliError(`You are not logged in to ${url}.`, {
      exitCode: EXIT_CODES.precondition,
      reason: 'cli.not_logged_in',
    });
  }
  try {
    await createClient({ baseUrl: url, apiKey: savedCredentials(env, url, login) }).auth.logOut();
  } catch (error) {
    // Whatever ended it before, it has ended.
    if (!(error instanceof VolaryApiError && error.code === 'unauthenticated')) throw error;
  }
  await withLoginLock(env, () => writeLogin(env, url, null));
  if (context.globals.json === true) printJson(context, { url, user: login.user });
  else context.stderr.write(`Logged out of ${url}.\n`);
}
