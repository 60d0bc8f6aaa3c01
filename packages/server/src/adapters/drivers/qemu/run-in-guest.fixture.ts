import { randomUUIDv7 } from 'node:crypto';
import type { ExecRequest } from '../../../domain/execution/execution.ts';
import { idFromUuid } from '../../../domain/ids.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';

const LIMIT_MS = 60_000;

/** Runs a script in the guest and resolves with what it says, without white space around. Throws with that where it fails. */
export async function runInGuest(link: GuestLink, script: string): Promise<string> {
  const { exitCode, text } = await tryInGuest(link, script);
  if (exitCode !== 0) throw new Error(`${script} ended with ${exitCode}: ${text}`);
  return text;
}

/** The same, however it ends; as `user`, where one is given. */
export async function tryInGuest(
  link: GuestLink,
  script: string,
  { user = '' }: { readonly user?: string } = {},
): Promise<{ readonly exitCode: number | null; readonly text: string }> {
  const { signal } = new AbortController();
  const request: ExecRequest = {
    ...{ argv: ['sh', '-c', script], env: {}, cwd: '', user, tty: null, hasStdin: false, timeoutMs: LIMIT_MS },
  };
  await using process = await link.exec(idFromUuid('exec', randomUUIDv7()), request, { signal });
  const said: Buffer[] = [];
  for await (const chunk of process.output) said.push(Buffer.from(chunk.bytes));
  const { exitCode } = await process.exit;
  return { exitCode, text: Buffer.concat(said).toString('utf8').trim() };
}
