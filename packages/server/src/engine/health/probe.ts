import { toVolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { HealthCheck, Probe } from '../../domain/workload/health-check.ts';
import { BadResponse, encodeRequest, readResponse } from '../../lib/http-message.ts';
import type { Abortable, GuestLink } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import { endPolitely } from '../sessions/end-politely.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import { withTimeout } from '../with-timeout.ts';

export type ProbeDeps = Pick<EngineDeps, 'ids' | 'clock'> & {
  readonly links: GuestLinks;
  readonly secrets: Pick<SecretDelivery, 'environmentOf'>;
};

/** What one check came to. Null: its guest could not be asked, which says nothing of what runs in it. */
export interface ProbeResult {
  readonly isGood: boolean;
  /** For people. */
  readonly message: string;
}

/** Of an answer only the first lines are wanted. */
const HEAD_BYTES = 16_384;
const UNREACHABLE: readonly string[] = ['guest.link_lost', 'guest.silent', 'vm.not_running'];

class Silent extends Error {
  override readonly name = 'Silent';
}

/** Asks once. Throws the signal's reason only, and what is a fault of ours. */
export async function probe(
  deps: ProbeDeps,
  vm: Vm,
  { probe: how, timeoutMs }: HealthCheck,
  signal: AbortSignal,
): Promise<ProbeResult | null> {
  const within = <T>(work: (limited: AbortSignal) => Promise<T>, toError: () => Error): Promise<T> =>
    withTimeout(deps.clock, timeoutMs, signal, work, toError);
  try {
    // Whether its agent answers is told by others.
    const link = await within(
      (limited) => deps.links.open(vm.id, { signal: limited }),
      () => new Silent(),
    );
    return await within(
      (limited) => ask(deps, vm, how, link, limited),
      () => new BadResponse(`there was none within ${timeoutMs} ms`),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Silent) return null;
    if (error instanceof BadResponse) return { isGood: false, message: `Its answer is no good: ${error.message}.` };
    const { reason, code, message } = toVolaryError(error);
    if (UNREACHABLE.includes(reason)) return null;
    if (code === 'internal') throw error;
    return { isGood: false, message };
  }
}

async function ask(deps: ProbeDeps, vm: Vm, how: Probe, link: GuestLink, signal: AbortSignal): Promise<ProbeResult> {
  switch (how.type) {
    case 'tcp': {
      await using connection = await link.connect({ host: '', port: how.port }, { signal });
      await endPolitely(connection);
      return { isGood: true, message: `Port ${how.port} takes connections.` };
    }
    case 'http':
      return await askByHttp(link, how, { signal });
    case 'exec':
      return await askByCommand(deps, vm, how.argv, link, { signal });
    default:
      return how satisfies never;
  }
}

async function askByHttp(
  link: GuestLink,
  { port, path, statuses }: Extract<Probe, { type: 'http' }>,
  { signal }: Abortable,
): Promise<ProbeResult> {
  await using connection = await link.connect({ host: '', port }, { signal });
  const onAbort = (): void => void connection[Symbol.asyncDispose]();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await connection.write(encodeRequest({ method: 'GET', path, host: `localhost:${port}` }));
    const { status } = await readResponse(connection.input, { headBytes: HEAD_BYTES, bodyBytes: 0 });
    await endPolitely(connection);
    const isGood = status >= statuses.minimum && status <= statuses.maximum;
    return { isGood, message: `GET ${path} is answered with ${status}.` };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Nobody is told of it: it is no command of anybody's. */
async function askByCommand(
  { ids, secrets }: ProbeDeps,
  vm: Vm,
  argv: readonly string[],
  link: GuestLink,
  { signal }: Abortable,
): Promise<ProbeResult> {
  const env = { ...vm.spec.environment, ...(await secrets.environmentOf(vm)) };
  const request = { argv, env, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0 };
  const process = await link.exec(ids.create('exec'), request, { signal });
  const onAbort = (): void => void process.signal(KILL).catch(() => undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const { stream, offset, bytes } of process.output) process.acknowledge(stream, offset + bytes.length);
    const { exitCode, signal: ended } = await process.exit;
    const how = exitCode === null ? `was ended by signal ${ended}` : `exited with ${exitCode}`;
    return { isGood: exitCode === 0, message: `The check ${how}.` };
  } finally {
    signal.removeEventListener('abort', onAbort);
    await process[Symbol.asyncDispose]();
  }
}

const KILL = 9;
