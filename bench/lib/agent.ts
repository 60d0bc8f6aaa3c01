import { randomBytes } from 'node:crypto';
import { createAgentLink } from '../../packages/server/src/adapters/guest-links/agent/agent-link.ts';
import { createPinoLog } from '../../packages/server/src/adapters/system/pino-log.ts';
import { createSystemClock } from '../../packages/server/src/adapters/system/system-clock.ts';
import { createSystemIds } from '../../packages/server/src/adapters/system/system-ids.ts';
import type { ExecRequest } from '../../packages/server/src/domain/execution/execution.ts';
import type { GuestLink } from '../../packages/server/src/ports/guest-link.ts';
import type { HandWrittenGuest } from './hand-written-qemu.ts';

const clock = createSystemClock();
const ids = createSystemIds();
const log = createPinoLog({ level: 'error' });

/** A link of our own to the agent of a guest that was started by hand; resolves with its first answer. */
export async function linkTo(guest: HandWrittenGuest): Promise<GuestLink> {
  const { signal } = new AbortController();
  return await createAgentLink(
    { clock, log, randomBytes },
    { openTransport: () => guest.connect(), linkKey: randomBytes(16), signal },
  );
}

/** Runs `true` over the link alone: no server, no database. Throws if it does not exit with 0. */
export async function runTrue(link: GuestLink): Promise<void> {
  const { signal } = new AbortController();
  await using process = await link.exec(ids.create('exec'), TRUE, { signal });
  for await (const _ of process.output);
  const { exitCode } = await process.exit;
  if (exitCode !== 0) throw new Error(`true ended with ${exitCode}`);
}

/** Starts a script that runs on, over the link alone. */
export async function startScript(link: GuestLink, script: string): Promise<void> {
  const { signal } = new AbortController();
  const request = { ...TRUE, argv: ['sh', '-c', script] };
  await using _process = await link.exec(ids.create('exec'), request, { signal });
}

const TRUE: ExecRequest = { argv: ['true'], env: {}, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0 };
