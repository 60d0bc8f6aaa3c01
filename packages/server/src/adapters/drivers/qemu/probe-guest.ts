import { randomBytes, randomUUID } from 'node:crypto';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toVolaryError } from '../../../domain/errors.ts';
import type { Image } from '../../../domain/image/image.ts';
import type { Log } from '../../../ports/log.ts';
import type { ConnectAgent } from './agent-transport.ts';
import { openAgentSocket } from './agent-transport.ts';
import { qemuArguments } from './command-line.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import { launchVmm } from './launch.ts';
import type { LaunchRecord } from './launch-record.ts';
import type { Identity } from './privileges.ts';
import type { QemuProgram } from './qemu-program.ts';
import { type VmDirectory, vmDirectoryAt } from './vm-directory.ts';
import { VmMonitor } from './vm-monitor.ts';
import { killVmm } from './vmm-process.ts';

const MEMORY_MIB = 256;
const KILL_TIMEOUT_MS = 10_000;

export interface ProbeDeps {
  readonly cacheDir: string;
  readonly log: Log;
  readonly connectAgent: ConnectAgent;
}

export interface ProbeRequest {
  readonly program: QemuProgram;
  readonly accelerator: 'kvm' | 'tcg';
  readonly identity: Identity | null;
  readonly image: Image;
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
  await mkdir(deps.cacheDir, { recursive: true, mode: 0o700 });
  const directory = vmDirectoryAt(await mkdtemp(join(deps.cacheDir, 'probe-')));
  const record = probeRecord(request);
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const signal = AbortSignal.any([request.signal, timeout]);
  const startedAt = performance.now();
  let launched = record;
  try {
    await mkdir(directory.runPath, { mode: 0o700 });
    if (request.identity !== null) await chown(directory.runPath, request.identity.uid, request.identity.gid);
    launched = await launch(deps, request, directory, record, signal);
    await using _link = await deps.connectAgent({
      openTransport: () => openAgentSocket(directory),
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
  } finally {
    await killVmm(launched, directory, { timeoutMs: KILL_TIMEOUT_MS, signal: new AbortController().signal });
    await rm(directory.path, { recursive: true, force: true });
  }
}

async function launch(
  deps: ProbeDeps,
  { identity, image }: ProbeRequest,
  directory: VmDirectory,
  record: LaunchRecord,
  signal: AbortSignal,
): Promise<LaunchRecord> {
  const ignore = (): void => undefined;
  await using monitor = new VmMonitor({ directory, uuid: record.uuid, log: deps.log, onHint: ignore, onEnd: ignore });
  const inheritedPaths = [image.kernelPath, image.initramfsPath];
  // Awaited here: the monitor has to live until then.
  return await launchVmm(
    { directory, record, identity, inheritedPaths, diesWithUs: true, onExit: ignore },
    () => monitor.isReachable(),
    signal,
  );
}

function probeRecord({ program, accelerator, image }: ProbeRequest): LaunchRecord {
  const uuid = randomUUID();
  const args = qemuArguments({
    name: 'probe',
    uuid,
    machineType: program.machineType,
    accelerator,
    vcpuCount: 1,
    memoryMib: MEMORY_MIB,
    hasDisk: false,
    origin: {
      kind: 'boot',
      kernelCommandLine: kernelCommandLine({ accelerator, hostname: 'probe', rootDevice: null, network: {} }),
    },
    networkArguments: [],
  });
  return {
    version: 1,
    vmId: 'probe',
    installationId: 'probe',
    incarnation: 1,
    uuid,
    argv: [program.path, ...args],
    machineType: program.machineType,
    qemuVersion: program.version,
    accelerator,
    imageDigest: image.digest,
    launchedAt: Date.now(),
    consoleOffset: 0,
    process: null,
    restore: null,
    end: null,
  };
}

function lastWordsOf(error: unknown): string {
  const words = toVolaryError(error).context['lastWords'];
  return typeof words === 'string' && words !== '' ? (words.split('\n')[0] ?? '') : 'it did not start';
}
