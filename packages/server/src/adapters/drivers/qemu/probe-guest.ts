import { randomBytes } from 'node:crypto';
import { toVolaryError } from '../../../domain/errors.ts';
import type { DirectImage } from '../../../domain/image/image.ts';
import type { Log } from '../../../ports/log.ts';
import type { Identity } from '../../shared/vm-identity.ts';
import type { ConnectAgent } from './agent-transport.ts';
import { openAgentSocket } from './agent-transport.ts';
import { type Machine, qemuArguments } from './command-line.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import type { QemuProgram } from './qemu-program.ts';
import { startThrowawayGuest } from './throwaway-guest.ts';

const MEMORY_MIB = 256;

export interface ProbeDeps {
  readonly cacheDir: string;
  readonly log: Log;
  readonly connectAgent: ConnectAgent;
}

export interface ProbeRequest {
  readonly program: QemuProgram;
  readonly accelerator: 'kvm' | 'tcg';
  readonly identity: Identity | null;
  readonly image: DirectImage;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** `why`: a clause for people, such as "a probe guest did not answer within 5 s". */
export type ProbeResult =
  | { readonly kind: 'answered'; readonly afterMs: number }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * Boots a guest with the image's own kernel and agent, without a disk, and waits for its agent's answer: the only proof
 * that an accelerator works. It leaves nothing behind, and dies with us. Throws the signal's reason.
 */
export async function bootProbeGuest(deps: ProbeDeps, request: ProbeRequest): Promise<ProbeResult> {
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const signal = AbortSignal.any([request.signal, timeout]);
  const startedAt = performance.now();
  try {
    await using guest = await startThrowawayGuest(
      { parent: deps.cacheDir, log: deps.log },
      {
        ...request,
        name: 'probe',
        hasDisk: false,
        argumentsFor: (uuid, files) => argumentsOf(request, { uuid, files }),
        signal,
      },
    );
    await using _link = await deps.connectAgent({
      openTransport: () => openAgentSocket(guest.directory),
      linkKey: randomBytes(16),
      signal,
    });
    return { kind: 'answered', afterMs: Math.round(performance.now() - startedAt) };
  } catch (error) {
    request.signal.throwIfAborted();
    if (timeout.aborted)
      return { kind: 'failed', why: `a probe guest did not answer with it within ${request.timeoutMs / 1000} s` };
    deps.log.debug('the probe guest failed', { error });
    return { kind: 'failed', why: `QEMU cannot use it (${lastWordsOf(error)})` };
  }
}

function argumentsOf(
  { program, accelerator }: ProbeRequest,
  given: Pick<Machine, 'uuid' | 'files'>,
): readonly string[] {
  return qemuArguments({
    ...given,
    name: 'probe',
    machineType: program.machineType,
    accelerator,
    vcpuCount: 1,
    memoryMib: MEMORY_MIB,
    hasDisk: false,
    origin: {
      kind: 'boot',
      kernelCommandLine: kernelCommandLine({ accelerator, hostname: 'probe', rootDevice: null, network: {} }),
    },
    wholeSystem: null,
    extraDisks: [],
    networkArguments: [],
    canGrow: false,
    attachments: null,
  });
}

function lastWordsOf(error: unknown): string {
  const words = toVolaryError(error).context['lastWords'];
  return typeof words === 'string' && words !== '' ? (words.split('\n')[0] ?? '') : 'it did not start';
}
