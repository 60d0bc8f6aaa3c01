import { randomBytes, randomUUIDv7 } from 'node:crypto';
import type { ExecRequest } from '../../../../domain/execution/execution.ts';
import { idFromUuid } from '../../../../domain/ids.ts';
import type { Abortable, GuestLink } from '../../../../ports/guest-link.ts';

/** Does nothing, the ways most commands are run: by a shell, and as a program of its own, which the last one of a script would not be. */
const FIRST_COMMAND: ExecRequest = {
  argv: ['sh', '-c', '/bin/true; :'],
  env: {},
  cwd: '',
  user: '',
  tty: null,
  hasStdin: false,
  timeoutMs: 20_000,
};

/**
 * Has a guest do what each guest is asked for first, so that it has done it before: what is read for it is in its memory then, and what QEMU translates
 * for it has been translated, as far as this VMM goes.
 */
export async function rehearseCommand(link: GuestLink, { signal }: Abortable): Promise<void> {
  await using command = await link.exec(idFromUuid('exec', randomUUIDv7()), FIRST_COMMAND, { signal });
  for await (const { stream, offset, bytes } of command.output) command.acknowledge(stream, offset + bytes.length);
  await command.exit;
}

/** The same for being told who it is: somebody whom nobody will know. */
export async function rehearseIdentity(link: GuestLink, { signal }: Abortable): Promise<void> {
  const identity = { hostname: 't', machineId: randomBytes(16).toString('hex'), wallClockMs: Date.now(), network: {} };
  await link.identify({ ...identity, entropy: randomBytes(32) }, { signal });
}
