import { VolaryError } from '../../../../domain/errors.ts';
import type { ExecRequest } from '../../../../domain/execution/execution.ts';
import type { ExecutionId } from '../../../../domain/ids.ts';
import type {
  Abortable,
  FileChange,
  GuestConnection,
  GuestFile,
  GuestIdentity,
  GuestInfo,
  GuestLink,
  GuestProcess,
  GuestRead,
  GuestSize,
  GuestStats,
  GuestTool,
  SupervisedProcess,
  SupervisedRequest,
} from '../../../../ports/guest-link.ts';
import { abortable } from '../../../shared/abortable.ts';
import { createHintQueue } from '../../../shared/hint-queue.ts';
import { deviceFiguresOf } from './device-figures.ts';
import { openEcho } from './echo-connection.ts';
import type { Execution } from './execution.ts';
import { guestRefused, linkLost } from './guest-errors.ts';
import { openHttp } from './http-connection.ts';
import type { SimulatedGuest } from './simulated-guest.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { SimulatedWorkload } from './simulated-workload.ts';

const CHUNK_BYTES = 32 * 1024;
const ECHO_PORT = 7;
const HTTP_PORT = 80;
/** As Linux tells of those two. */
const LISTENERS = `  sl  local_address rem_address   st
   0: 00000000:0007 00000000:0000 0A
   1: 00000000:0050 00000000:0000 0A
`;
const WATCH_CAPACITY = 4_096;
const MIB = 1024 * 1024;
const MEMORY_BYTES = 256 * MIB;
const DISK_BYTES = 1024 ** 3;

/** A session with a simulated guest. It is as good as its machine: it ends with it, and a halted one keeps it waiting. */
export class SimulatedLink implements GuestLink {
  readonly info: GuestInfo;
  readonly closed: Promise<string>;
  readonly #guest: SimulatedGuest;
  readonly #closed = Promise.withResolvers<string>();
  #end: VolaryError | null = null;

  constructor(guest: SimulatedGuest) {
    this.#guest = guest;
    this.info = guest.info;
    this.closed = this.#closed.promise;
  }

  /** Ends the session. */
  close(why: string): void {
    this.#end ??= linkLost(why);
    this.#closed.resolve(why);
  }

  async ping({ timeoutMs }: { readonly timeoutMs: number }): Promise<number> {
    const { clock } = this.#guest;
    const startedMs = clock.monotonicMs();
    const answered = new AbortController();
    const silence = clock.sleep(timeoutMs, answered).then(() => {
      throw new VolaryError('deadline_exceeded', `The guest's agent has not answered within ${timeoutMs} ms.`, {
        reason: 'guest.silent',
      });
    });
    try {
      await Promise.race([this.#turn(), silence]);
      return clock.monotonicMs() - startedMs;
    } finally {
      silence.catch(() => undefined);
      answered.abort();
    }
  }

  async exec(id: ExecutionId, request: ExecRequest, { signal }: Abortable): Promise<GuestProcess> {
    await this.#turn(signal);
    const { execution, isAttached } = this.#guest.exec(id, request);
    return this.#process(id, execution, isAttached, { stdout: 0, stderr: 0 });
  }

  async attach(
    id: ExecutionId,
    kept: { readonly stdoutBytes: number; readonly stderrBytes: number; readonly isTty: boolean },
    { signal }: Abortable,
  ): Promise<GuestProcess> {
    await this.#turn(signal);
    const execution = this.#guest.find(id);
    if (execution === null) {
      throw new VolaryError('not_found', 'The guest does not know this command.', {
        reason: 'execution.unknown_to_guest',
      });
    }
    return this.#process(id, execution, true, { stdout: kept.stdoutBytes, stderr: kept.stderrBytes });
  }

  async supervise(
    id: ExecutionId,
    request: SupervisedRequest,
    { stdoutBytes, stderrBytes }: { readonly stdoutBytes: number; readonly stderrBytes: number },
    { signal }: Abortable,
  ): Promise<SupervisedProcess> {
    await this.#turn(signal);
    const isKnownElsewhere = stdoutBytes > 0 || stderrBytes > 0;
    const { execution, isAttached } = this.#guest.supervise(id, request, isKnownElsewhere);
    return new SimulatedWorkload({
      execution,
      isAttached,
      kept: { stdout: stdoutBytes, stderr: stderrBytes },
      linkClosed: this.closed,
      onForget: () => this.#guest.forget(id),
    });
  }

  async readFile(
    path: string,
    options: Abortable & { readonly offset?: number; readonly length?: number },
  ): Promise<GuestRead> {
    await this.#turn(options.signal);
    if (path === '/proc/net/tcp') {
      return { sizeBytes: 0, mode: 0o444, modifiedAtMs: 0, content: inChunks(Buffer.from(LISTENERS)) };
    }
    const content = this.#guest.files.read(path);
    const { sizeBytes, mode, modifiedAtMs } = this.#guest.files.stat(path);
    const offset = options.offset ?? 0;
    const part = content.subarray(offset, options.length === undefined ? undefined : offset + options.length);
    return { sizeBytes, mode, modifiedAtMs, content: inChunks(part) };
  }

  async writeFile(
    path: string,
    content: AsyncIterable<Uint8Array>,
    options: Abortable & { readonly mode?: number; readonly makeParents?: boolean },
  ): Promise<number> {
    await this.#turn(options.signal);
    const { files } = this.#guest;
    const makeParents = options.makeParents === true;
    files.checkWritable(path, makeParents);
    const whole = Buffer.concat(await abortable(readAll(content), options.signal));
    await this.#turn(options.signal);
    files.write(path, whole, { mode: options.mode ?? null, makeParents });
    return whole.length;
  }

  async list(
    path: string,
    options: Abortable & { readonly limit: number; readonly after?: string },
  ): Promise<{ readonly files: readonly GuestFile[]; readonly hasMore: boolean }> {
    await this.#turn(options.signal);
    const { after = '' } = options;
    const rest = this.#guest.files.list(path).filter((file) => file.name > after);
    return { files: rest.slice(0, options.limit), hasMore: rest.length > options.limit };
  }

  async stat(path: string, { signal }: Abortable & { readonly followLinks: boolean }): Promise<GuestFile> {
    await this.#turn(signal);
    return this.#guest.files.stat(path);
  }

  async makeDirectory(
    path: string,
    options: Abortable & { readonly mode?: number; readonly makeParents?: boolean },
  ): Promise<void> {
    await this.#turn(options.signal);
    this.#guest.files.makeDirectory(path, { mode: options.mode ?? 0o755, makeParents: options.makeParents === true });
  }

  async remove(path: string, options: Abortable & { readonly isRecursive: boolean }): Promise<void> {
    await this.#turn(options.signal);
    this.#guest.files.remove(path, options.isRecursive);
  }

  async rename(from: string, to: string, { signal }: Abortable): Promise<void> {
    await this.#turn(signal);
    this.#guest.files.rename(from, to);
  }

  async *watch(
    path: string,
    { signal, isRecursive }: Abortable & { readonly isRecursive: boolean },
  ): AsyncIterable<FileChange> {
    await this.#turn(signal);
    this.#guest.files.stat(path);
    const queue = createHintQueue<FileChange>({ capacity: WATCH_CAPACITY, signal });
    const prefix = `${path.replace(/\/$/, '')}/`;
    const stop = this.#guest.files.onChange((kind, changed) => {
      const below = changed.startsWith(prefix) ? changed.slice(prefix.length) : null;
      if (below !== null && (isRecursive || !below.includes('/'))) queue.push({ kind, path: below });
    });
    void this.closed.then(() => queue.end());
    try {
      yield* queue;
      signal.throwIfAborted();
      if (this.#end !== null) throw this.#end;
    } finally {
      stop();
    }
  }

  async connect(
    target: { readonly host: string; readonly port: number },
    { signal }: Abortable,
  ): Promise<GuestConnection> {
    await this.#turn(signal);
    if (target.port === HTTP_PORT) return openHttp(this.closed);
    if (target.port !== ECHO_PORT) throw guestRefused('ECONNREFUSED');
    return openEcho(this.closed);
  }

  async stats({ signal }: Abortable): Promise<GuestStats> {
    await this.#turn(signal);
    const { uptimeMs, cpuUsedMs, processCount, size } = this.#guest;
    const user = Math.floor(cpuUsedMs / 10);
    const idle = Math.max(0, Math.floor((uptimeMs * size.vcpuCount) / 10) - user);
    return {
      uptimeMs,
      cpuTicks: { used: user + 1, user, system: 1, idle, iowait: 0, steal: 0 },
      memoryBytes: { total: MEMORY_BYTES, free: MEMORY_BYTES / 2, available: MEMORY_BYTES / 2, cached: 0 },
      diskBytes: { total: DISK_BYTES, free: DISK_BYTES / 2 },
      ...deviceFiguresOf(cpuUsedMs, this.#guest),
      processCount,
      loadAverage: [0, 0, 0],
    };
  }

  async identify(identity: GuestIdentity, { signal }: Abortable): Promise<void> {
    await this.#turn(signal);
    const write = (path: string, text: string): void =>
      this.#guest.files.write(path, Buffer.from(`${text}\n`), { mode: null, makeParents: true });
    write('/etc/hostname', identity.hostname);
    write('/etc/machine-id', identity.machineId);
  }

  async shutDown(how: 'power-off' | 'reboot', { signal }: Abortable & { readonly graceMs: number }): Promise<void> {
    await this.#turn(signal);
    this.#guest.powerOff(how);
  }

  async freeze({ signal }: Abortable): Promise<number> {
    await this.#turn(signal);
    return 1;
  }

  async thaw({ signal }: Abortable): Promise<number> {
    await this.#turn(signal);
    return 1;
  }

  async setTools(_disk: string, tools: readonly GuestTool[], { signal }: Abortable): Promise<void> {
    await this.#turn(signal);
    this.#guest.setTools(tools);
  }

  async awaitTools({ signal }: Abortable): Promise<void> {
    await this.#turn(signal);
  }

  async grow({ signal }: Abortable): Promise<GuestSize> {
    await this.#turn(signal);
    const { vcpuCount, memoryMib } = this.#guest.size;
    return { cpuCount: vcpuCount, memoryBytes: memoryMib * MIB, rootBytes: null };
  }

  async prepare({ signal }: Abortable): Promise<void> {
    await this.#turn(signal);
    if (this.#guest.hasExecutions) throw guestRefused('EBUSY');
    this.close('the guest was prepared to be saved');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close('it was closed here');
  }

  #process(
    id: ExecutionId,
    execution: Execution,
    isAttached: boolean,
    kept: { stdout: number; stderr: number },
  ): GuestProcess {
    return new SimulatedProcess({
      execution,
      isAttached,
      kept,
      linkClosed: this.closed,
      onForget: () => this.#guest.forget(id),
    });
  }

  /** Every call has to wait until the guest can hear it, and ends if the link does before. */
  async #turn(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#end !== null) throw this.#end;
    const lost = this.closed.then((why) => {
      throw linkLost(why);
    });
    const turn = Promise.race([this.#guest.untilGoing(), lost]);
    lost.catch(() => undefined);
    await (signal === undefined ? turn : abortable(turn, signal));
  }
}

async function readAll(content: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(Uint8Array.from(piece));
  return pieces;
}

async function* inChunks(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.slice(at, at + CHUNK_BYTES);
}
