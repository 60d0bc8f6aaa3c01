import { randomUUID } from 'node:crypto';
import { VolaryError } from '../../../../domain/errors.ts';
import type { ExecRequest } from '../../../../domain/execution/execution.ts';
import type { ExecutionId } from '../../../../domain/ids.ts';
import type { Clock } from '../../../../ports/clock.ts';
import type { GuestInfo, SupervisedRequest } from '../../../../ports/guest-link.ts';
import { Execution } from './execution.ts';
import type { FileTree } from './file-tree.ts';
import { findProgram } from './shell.ts';

/** What the inside of a machine is made with. */
export interface GuestDeps {
  readonly clock: Clock;
  /** The VM's disk: it outlives the guest. */
  readonly files: FileTree;
  /** The guest ends its machine. */
  readonly onPowerOff: (how: 'power-off' | 'reboot') => void;
  /** How large its machine is; default: nobody asks. */
  readonly size?: () => { readonly vcpuCount: number; readonly memoryMib: number } | null;
  /** How busy it is said to be, percent of one processor; default: not at all. */
  readonly cpuPercent?: () => number;
  /** Whether it exchanges no packets; default: it does. */
  readonly isOffline?: () => boolean;
  /** When its machine was started, by the monotonic clock; default: now. */
  readonly bootedAtMs?: number;
  /** Commands that it has begun in a process that is gone, and knows nothing more of; default: none. */
  readonly begun?: readonly ExecutionId[];
  /** Called when `begun` tells of one more, before that does anything. */
  readonly onBegin?: () => void;
}

/** Commands that are remembered beyond the process that runs them: whoever asks for one again does so soon. */
const MOST_BEGUN = 256;

const MACHINE = ['identify', 'shutdown', 'freeze', 'tools', 'grow', 'prepare'];

/** The inside of a machine during one life: its commands, and whether it is being run at all. */
export class SimulatedGuest {
  readonly files: FileTree;
  readonly clock: Clock;
  readonly bootId = randomUUID().replaceAll('-', '');
  readonly #deps: GuestDeps;
  readonly #bootedAtMs: number;
  readonly #executions = new Map<ExecutionId, Execution>();
  readonly #forgotten: Set<ExecutionId>;
  #begun: readonly ExecutionId[];
  #workload: { readonly id: ExecutionId; readonly execution: Execution } | null = null;
  #nextPid = 100;
  #going: PromiseWithResolvers<void> | null = null;

  constructor(deps: GuestDeps) {
    this.#deps = deps;
    this.files = deps.files;
    this.clock = deps.clock;
    this.#bootedAtMs = deps.bootedAtMs ?? deps.clock.monotonicMs();
    this.#begun = deps.begun ?? [];
    this.#forgotten = new Set(this.#begun);
  }

  /** The newest of the commands that it has begun, workloads aside. */
  get begun(): readonly ExecutionId[] {
    return this.#begun;
  }

  get uptimeMs(): number {
    return this.clock.monotonicMs() - this.#bootedAtMs;
  }

  /** Processor time that it is said to have used since its boot, milliseconds. */
  get cpuUsedMs(): number {
    return (this.uptimeMs * (this.#deps.cpuPercent?.() ?? 0)) / 100;
  }

  get isOffline(): boolean {
    return this.#deps.isOffline?.() ?? false;
  }

  /** What it has in use: all that its machine has. */
  get size(): { readonly vcpuCount: number; readonly memoryMib: number } {
    return this.#deps.size?.() ?? { vcpuCount: 1, memoryMib: 256 };
  }

  get processCount(): number {
    return 1 + [...this.#executions.values()].filter((execution) => execution.result === null).length;
  }

  /** Commands run, or their ends have not been fetched. */
  get hasExecutions(): boolean {
    return this.#executions.size > 0;
  }

  get info(): GuestInfo {
    return {
      agentVersion: '0.2.0-simulated',
      protocolVersion: 1,
      uptimeMs: this.uptimeMs,
      bootId: this.bootId,
      capabilities: ['exec', 'tty', 'files', 'watch', 'tcp', 'stats', 'supervise', ...MACHINE],
    };
  }

  /** Its CPUs are halted: it answers nothing. */
  halt(): void {
    this.#going ??= Promise.withResolvers();
  }

  go(): void {
    this.#going?.resolve();
    this.#going = null;
  }

  /** Resolves when its CPUs run. */
  async untilGoing(): Promise<void> {
    await this.#going?.promise;
  }

  /** The command with this id; started unless it is known. Throws as `GuestLink.exec`. */
  exec(
    id: ExecutionId,
    request: ExecRequest,
    policy?: SupervisedRequest,
  ): { readonly execution: Execution; readonly isAttached: boolean } {
    if (this.#forgotten.has(id)) throw alreadyEnded();
    const known = this.find(id);
    if (known !== null) return { execution: known, isAttached: true };
    const program = findProgram(request.argv[0] ?? '');
    // There is one user, and directories are those of the disk.
    if (request.user !== '' && request.user !== 'root') throw notStarted('user');
    if (request.cwd !== '' && !this.files.isDirectory(request.cwd)) throw notStarted('directory');
    if (program === null) throw notStarted('program');
    const { files, clock } = this;
    if (policy === undefined) {
      this.#begun = [...this.#begun.slice(1 - MOST_BEGUN), id];
      this.#deps.onBegin?.();
    }
    const deps = { pid: this.#nextPid++, program, request, files, clock };
    const execution = new Execution(policy === undefined ? deps : { ...deps, policy });
    this.#executions.set(id, execution);
    return { execution, isAttached: false };
  }

  /** The workload: started unless there is one, which has this id from now on. Throws as `GuestLink.supervise`. */
  supervise(
    id: ExecutionId,
    request: SupervisedRequest,
    isKnownElsewhere: boolean,
  ): { readonly execution: Execution; readonly isAttached: boolean } {
    const known = this.find(id);
    if (known !== null) return { execution: known, isAttached: true };
    if (this.#forgotten.has(id)) throw alreadyEnded();
    if (this.#workload !== null && this.#workload.execution.result === null) {
      const { execution, id: former } = this.#workload;
      this.#executions.delete(former);
      this.#executions.set(id, execution);
      this.#workload = { id, execution };
      return { execution, isAttached: true };
    }
    if (isKnownElsewhere) throw unknownToGuest();
    const started = this.exec(id, { ...request, tty: null, hasStdin: false, timeoutMs: 0 }, request);
    this.#workload = { id, execution: started.execution };
    return started;
  }

  /** The command with this id, or null; also for one that was forgotten. */
  /** It has these tools, and no others. */
  setTools(tools: readonly { readonly name: string }[]): void {
    const names = tools.map(({ name }) => `${name}\n`).join('');
    // In memory, as the mounts of a real guest are.
    this.files.write('/run/volary/tools', Buffer.from(names), { mode: null, makeParents: true });
  }

  find(id: ExecutionId): Execution | null {
    return this.#executions.get(id) ?? null;
  }

  forget(id: ExecutionId): void {
    this.#executions.delete(id);
    this.#forgotten.add(id);
  }

  powerOff(how: 'power-off' | 'reboot'): void {
    this.#deps.onPowerOff(how);
  }

  /** The machine is gone, and everything that ran in it. */
  end(): void {
    this.go();
    for (const execution of this.#executions.values()) execution.kill();
  }
}

function unknownToGuest(): VolaryError {
  return new VolaryError('not_found', 'The guest does not know this command.', {
    reason: 'execution.unknown_to_guest',
  });
}

function alreadyEnded(): VolaryError {
  return new VolaryError('conflict', 'The command has ended, and the guest has forgotten it.', {
    reason: 'execution.already_ended',
  });
}

function notStarted(step: 'program' | 'user' | 'directory'): VolaryError {
  return new VolaryError('failed_precondition', `The guest has no such ${step}.`, {
    reason: 'execution.not_started',
    details: { errno: 'ENOENT', step },
  });
}
