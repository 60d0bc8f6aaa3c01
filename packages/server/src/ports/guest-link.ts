import type { ExecRequest, OutputStream } from '../domain/execution/execution.ts';
import type { ExecutionId } from '../domain/ids.ts';
import type { WorkloadRestart } from '../domain/workload/workload.ts';

/** What the agent says of itself at the start of a session. */
export interface GuestInfo {
  readonly agentVersion: string;
  readonly protocolVersion: number;
  readonly uptimeMs: number;
  readonly bootId: string;
  readonly capabilities: readonly string[];
}

export interface GuestFile {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'block' | 'character' | 'fifo' | 'socket';
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  readonly linkTarget: string | null;
}

export interface OutputChunk {
  readonly stream: OutputStream;
  /** Of the first byte within its stream. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface GuestExit {
  /** 0 to 255; null when a signal ended it. */
  readonly exitCode: number | null;
  /** Signal number; null when it exited by itself. */
  readonly signal: number | null;
  readonly timedOut: boolean;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly durationMs: number;
}

/**
 * A command in a guest. It survives a lost session: the link attaches again and goes on from the acknowledged offsets,
 * which the holder of this object does not notice. Disposing detaches: the command runs on.
 */
export interface GuestProcess extends AsyncDisposable {
  readonly pid: number;
  /** True when the guest knew the id already: nothing was started by this call. */
  readonly isAttached: boolean;
  readonly startedAtMs: number;
  /** Bytes of input that the command had been given when it was started or attached to. */
  readonly stdinReceivedBytes: number;
  /**
   * Output in order within each stream, each byte once. To be read once, by one reader, who says by `acknowledge` what
   * it has safely kept; the guest keeps the rest. A reader that stops reading stops the command, not other streams.
   */
  readonly output: AsyncIterable<OutputChunk>;
  /** Frees the guest from keeping the stream's bytes before `offset`. */
  acknowledge(stream: OutputStream, offset: number): void;
  /** Resolves when the guest has room for more. Throws `failed_precondition` execution.stdin_closed after the end. */
  writeStdin(bytes: Uint8Array): Promise<void>;
  closeStdin(): Promise<void>;
  /** To the command's process group. Safe after its end. */
  signal(signalNumber: number): Promise<void>;
  resize(size: { readonly rows: number; readonly columns: number }): Promise<void>;
  /**
   * Resolves after the last byte of output was read; rejects with `unavailable` guest.link_lost if the machine ends
   * before, or the link is closed.
   */
  readonly exit: Promise<GuestExit>;
}

/** How the runs of a workload are. */
export interface GuestRuns {
  /** `waiting`: a run has ended, the next one will begin. `ended`: there will be no other. */
  readonly state: 'running' | 'waiting' | 'ended';
  /** How many there have been. */
  readonly runs: number;
  /** Of the last run that ended; null where none has, or a signal ended it. */
  readonly lastExitCode: number | null;
  readonly lastSignal: number | null;
  readonly lastExitAtMs: number | null;
}

/** What is run again when it ends. */
export interface SupervisedRequest extends Pick<ExecRequest, 'argv' | 'env' | 'cwd' | 'user'> {
  readonly restart: WorkloadRestart;
  /** Before the first restart; doubled with each in a row, up to the longest. Milliseconds. */
  readonly delayMs: number;
  readonly longestDelayMs: number;
  /** After a run that has lasted so long the delay is the first one again. Milliseconds. */
  readonly steadyMs: number;
}

/**
 * The workload of a guest: a command that is run again by its policy. Its output goes on over all runs, and where nobody was attached the
 * oldest may be missing: an offset then jumps. `exit` is that of the last run.
 */
export interface SupervisedProcess extends GuestProcess {
  /** Calls the listener with how its runs are now, if that is known yet, and at each change. There is one listener. */
  listen(listener: (runs: GuestRuns) => void): void;
  /**
   * Ends it for good, or has it run anew at once whatever the policy: a run gets SIGTERM and, after the grace, SIGKILL. Resolves when
   * the guest is told. After the end it does nothing.
   */
  control(what: 'end' | 'run-again', options: { readonly graceMs: number }): Promise<void>;
}

/** A connection into a guest, by TCP from inside it. Disposing of it before it was ended resets it. */
export interface GuestConnection extends AsyncDisposable {
  readonly input: AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
  /** Half close: no more will be written. */
  end(): Promise<void>;
}

export interface GuestStats {
  readonly uptimeMs: number;
  /** Ticks of 10 ms since boot, over all CPUs; `used`: by programs and by the kernel. Null: whoever tells does not count them. */
  readonly cpuTicks: {
    readonly used: number;
    readonly user: number | null;
    readonly system: number | null;
    readonly idle: number | null;
    readonly iowait: number | null;
    readonly steal: number | null;
  };
  /** Null: whoever tells does not know it. */
  readonly memoryBytes: {
    readonly total: number;
    readonly free: number;
    readonly available: number;
    readonly cached: number | null;
  } | null;
  /** Of the root's file system. Null: it is not the guest's own. */
  readonly diskBytes: {
    readonly total: number;
    readonly free: number;
  } | null;
  /** Of all disks, since boot. Null: whoever tells does not count them. */
  readonly diskTransferBytes: { readonly read: number; readonly written: number } | null;
  /** Completed, of the same disks as the bytes. Null: whoever tells does not count them. */
  readonly diskOperations: { readonly reads: number; readonly writes: number } | null;
  readonly networkBytes: { readonly received: number; readonly sent: number };
  /** Of the same devices as the bytes. Null: whoever tells does not count them. */
  readonly networkPackets: { readonly received: number; readonly sent: number } | null;
  readonly processCount: number;
  readonly loadAverage: readonly [number, number, number];
}

/** What a guest has in use. */
export interface GuestSize {
  readonly cpuCount: number;
  /** In whole blocks of its kernel's: not less than it has, and by less than a block more. */
  readonly memoryBytes: number;
  /** Of the file system on its root disk, which may leave up to 128 MiB at the end of that unused; null where it cannot tell. */
  readonly rootBytes: number | null;
}

export interface FileChange {
  readonly kind: 'created' | 'modified' | 'removed' | 'renamed_from' | 'renamed_to' | 'attributes' | 'overflow';
  readonly path: string;
}

export interface GuestIdentity {
  readonly hostname: string;
  /** 32 hex digits. */
  readonly machineId: string;
  /** At the time of the call, milliseconds since 1970; 0 leaves the clock alone. It is set to an error of less than 50 ms where the guest is quick enough. */
  readonly wallClockMs: number;
  readonly network: Readonly<Partial<Record<'mac' | 'ip' | 'gateway' | 'dns', string>>>;
  /** 32 bytes from the host's generator. */
  readonly entropy: Uint8Array;
}

/** A tool pack on a disk of the machine. */
export interface GuestTool {
  readonly name: string;
  /** 1 or more; the same for as long as the machine lives. */
  readonly place: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface Abortable {
  readonly signal: AbortSignal;
}

/**
 * An established session with a guest's agent. Every call may throw `unavailable` guest.link_lost; the guest's own
 * refusals come as `not_found` guest.no_such_file, `permission_denied` guest.permission_denied, `already_exists` guest.file_exists,
 * `resource_exhausted` guest.no_space, `invalid_argument` guest.invalid_path (is a directory, not a directory, name too long),
 * else `failed_precondition` guest.refused; `details.errno` is Linux's name (`ENOENT`).
 */
export interface GuestLink extends AsyncDisposable {
  readonly info: GuestInfo;
  /** Resolves with the reason when the link has ended for good. Never rejects. */
  readonly closed: Promise<string>;
  /** Round trip to the agent, in milliseconds. Throws `deadline_exceeded` guest.silent. */
  ping(options: { readonly timeoutMs: number }): Promise<number>;

  /**
   * Starts the command, unless the guest knows this id: then it attaches. Offsets are those the caller has kept already.
   * A program that cannot be started: `failed_precondition` execution.not_started with `details.errno`
   * and `details.step` (`program`, `user`, `directory` or `other`).
   * An id that was used and forgotten: `conflict` execution.already_ended.
   */
  exec(id: ExecutionId, request: ExecRequest, options: Abortable): Promise<GuestProcess>;
  /** Attaches to a command without ever starting it. Throws `not_found` execution.unknown_to_guest. */
  attach(
    id: ExecutionId,
    kept: { readonly stdoutBytes: number; readonly stderrBytes: number; readonly isTty: boolean },
    options: Abortable,
  ): Promise<GuestProcess>;

  /**
   * Starts the workload of this guest, unless it knows the id, or has one of another id, as after a restore: then it attaches, and that one
   * has this id from now on (`kept` counts only for the same id). Throws as `exec`; `unsupported` guest.no_workloads where the
   * agent is too old for it.
   */
  supervise(
    id: ExecutionId,
    request: SupervisedRequest,
    kept: { readonly stdoutBytes: number; readonly stderrBytes: number },
    options: Abortable,
  ): Promise<SupervisedProcess>;

  readFile(
    path: string,
    options: Abortable & { readonly offset?: number; readonly length?: number },
  ): Promise<GuestRead>;
  /** Atomic: the target has its old content until the new one is complete. Returns the bytes written. */
  writeFile(
    path: string,
    content: AsyncIterable<Uint8Array>,
    options: Abortable & { readonly mode?: number; readonly makeParents?: boolean },
  ): Promise<number>;
  list(
    path: string,
    options: Abortable & { readonly limit: number; readonly after?: string },
  ): Promise<{ readonly files: readonly GuestFile[]; readonly hasMore: boolean }>;
  stat(path: string, options: Abortable & { readonly followLinks: boolean }): Promise<GuestFile>;
  makeDirectory(
    path: string,
    options: Abortable & { readonly mode?: number; readonly makeParents?: boolean },
  ): Promise<void>;
  remove(path: string, options: Abortable & { readonly isRecursive: boolean }): Promise<void>;
  rename(from: string, to: string, options: Abortable): Promise<void>;
  watch(path: string, options: Abortable & { readonly isRecursive: boolean }): AsyncIterable<FileChange>;

  connect(target: { readonly host: string; readonly port: number }, options: Abortable): Promise<GuestConnection>;
  stats(options: Abortable): Promise<GuestStats>;
  identify(identity: GuestIdentity, options: Abortable): Promise<void>;
  /** Asks the guest to end; resolves when it has heard it. */
  shutDown(how: 'power-off' | 'reboot', options: Abortable & { readonly graceMs: number }): Promise<void>;
  /** Returns how many file systems were frozen. The agent thaws by itself after 30 s. */
  freeze(options: Abortable): Promise<number>;
  thaw(options: Abortable): Promise<number>;
  /**
   * Has the guest mount these packs, which are on its disk of this serial number or will be within 20 s, and no others: their commands
   * come first on the `PATH` of whatever is started afterwards. It has heard when this resolves; from then on it keeps all else waiting until
   * they are mounted. Repeating it is safe. Throws `failed_precondition` guest.refused.
   */
  setTools(disk: string, tools: readonly GuestTool[], options: Abortable): Promise<void>;
  /** Waits until the packs that were set last are mounted. Throws `failed_precondition` guest.refused with why they could not be. */
  awaitTools(options: Abortable): Promise<void>;
  /**
   * Has the guest use all that its machine has been given while it ran: processors, memory, the room on its root disk. The guest notices
   * some time after it was given them: may be repeated until the figures are what they are to be. Throws `failed_precondition` guest.refused
   * with EOPNOTSUPP from an agent that is too old for it.
   */
  grow(options: Abortable): Promise<GuestSize>;
  /**
   * Makes the machine ready to be saved as what others begin from: all is written to the disk, the agent forgets the key of
   * this link, and the link is closed. Throws `failed_precondition` guest.refused with EAGAIN while the machine still boots,
   * EBUSY while anything but the agent runs in it or this link is used otherwise.
   */
  prepare(options: Abortable): Promise<void>;
}

export interface GuestRead {
  readonly sizeBytes: number;
  readonly mode: number;
  readonly modifiedAtMs: number;
  /** To be read once. Stopping early frees the stream. */
  readonly content: AsyncIterable<Uint8Array>;
}
