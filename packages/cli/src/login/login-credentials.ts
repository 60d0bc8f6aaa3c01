import { type Credentials, loginCredentials, refreshLogin, tokensOf } from '@volary/sdk';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { Env } from '../paths.ts';
import { readLogin, type SavedLogin, withLoginLock, writeLogin } from './login-file.ts';

/** What shows the server at `url` that this user has logged in; renewed tokens are kept for the next command. */
export function savedCredentials(env: Env, url: string, tokens: SavedLogin): Credentials {
  return loginCredentials({
    tokens,
    refresh: (known) =>
      withLoginLock(env, async () => {
        const kept = await readLogin(env, url);
        if (kept === null) throw loggedOut(url);
        // Another command has been quicker: its tokens are ours.
        if (kept.refreshToken !== known.refreshToken) return kept;
        const next = await refreshLogin({ baseUrl: url }, kept.refreshToken);
        const saved = { ...tokensOf(next), user: next.user.name };
        await writeLogin(env, url, saved);
        return saved;
      }),
  });
}

function loggedOut(url: string): CliError {
  return new CliError(`You have logged out of ${url}.`, {
    exitCode: EXIT_CODES.noServer,
    reason: 'cli.logged_out',
    hint: 'log in again: volary login',
  });
}
