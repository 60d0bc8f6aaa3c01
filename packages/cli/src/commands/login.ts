import { hostname } from 'node:os';
import type { Login, LoginRequest } from '@volary/contract';
import { logIn, tokensOf, VolaryApiError } from '@volary/sdk';
import type { Command } from 'commander';
import { openQuestions, type Questions } from '../ask.ts';
import { reachServer } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { withLoginLock, writeLogin } from '../login/login-file.ts';

interface LoginOptions {
  readonly email?: string;
  readonly name?: string;
  readonly code?: string;
}

/** How often a code may be typed: the authenticator shows another one meanwhile. */
const CODE_TRIES = 3;

/** `volary login [url]` */
export function configureLogin(command: Command, context: Context): void {
  command
    .argument('[url]', 'address of the server')
    .option('--email <address>', 'e-mail address of the user')
    .option('--name <name>', 'name of the user, instead of the address')
    .option('--code <code>', 'one-time code or recovery code (default: prompted for if needed)')
    .addHelpText('after', '\nThe password is asked for, or read from the first line of the input.')
    .action((url: string | undefined, options: LoginOptions) => run(context, url, options));
}

async function run(context: Context, given: string | undefined, options: LoginOptions): Promise<void> {
  const url = await reachServer(context, given);
  using questions = openQuestions(context);
  const who = await askWho(questions, options);
  const password = await questions.askSecret('Password: ');
  const login = await logInWithCode(url, { ...who, password }, { questions, code: options.code });
  const { env } = context;
  await withLoginLock(env, () => writeLogin(env, url, { ...tokensOf(login), user: login.user.name }));
  if (context.globals.json === true) printJson(context, { url, user: login.user, session_id: login.session_id });
  else context.stderr.write(`Logged in to ${url} as ${login.user.name}.\n`);
}

async function askWho(
  questions: Questions,
  { email, name }: LoginOptions,
): Promise<Pick<LoginRequest, 'email' | 'name'>> {
  if (email !== undefined) return { email };
  const answer = name ?? (await questions.ask('E-mail address or user name: '));
  // A name may have an @ in it as well: then it is given with --name.
  return name === undefined && answer.includes('@') ? { email: answer } : { name: answer };
}

/** By this name the login stands in the list of sessions. */
function fetchAsVolary(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const headers = new Headers(init?.headers);
  headers.set('user-agent', `volary (${hostname()})`);
  return fetch(input, { ...init, headers });
}

async function logInWithCode(
  url: string,
  request: LoginRequest,
  { questions, code }: { readonly questions: Questions; readonly code: string | undefined },
): Promise<Login> {
  let given = code;
  for (let left = CODE_TRIES; ; left--) {
    try {
      return await logIn(
        { baseUrl: url, fetch: fetchAsVolary },
        given === undefined ? request : { ...request, mfa_code: given },
      );
    } catch (error) {
      const isAsked = error instanceof VolaryApiError && error.reason === 'auth.mfa_required';
      const isWrong = error instanceof VolaryApiError && error.reason === 'auth.mfa_invalid' && questions.isTerminal;
      if (!(isAsked || isWrong) || left === 0) throw error;
      given = await questions.ask(isWrong ? 'That code is wrong, or was used. The next one: ' : 'One-time code: ');
    }
  }
}
