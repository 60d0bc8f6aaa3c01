import { VolaryError } from '../../domain/errors.ts';
import {
  EXECUTION_TRANSITIONS,
  type ExecRequest,
  type Execution,
  type OutputStream,
} from '../../domain/execution/execution.ts';
import { signalNumber } from '../../domain/execution/signals.ts';
import type { ExecutionId } from '../../domain/ids.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type Principal, reachOf } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { GuestProcess } from '../../ports/guest-link.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';
import type { ExecutionApi, ExecutionSession, ExecutionUpdate } from '../apis/execution-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { createInputRecorder } from '../audit/record-input.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { bindKey, outcomeUnknown } from '../idempotency/claims.ts';
import { isSuspended } from '../operations/power-policy.ts';
import { findVm } from '../queries/find-vm.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import type { Once } from '../requests.ts';
import type { SecretDelivery } from '../secrets/delivery.ts';
import type { Awaken } from '../suspend/awaken.ts';
import { cancelExecution } from './cancel-execution.ts';
import { executionEvent } from './execution-events.ts';
import { type LiveDeps, LiveExecution, type Reattach } from './live-execution.ts';
import { type Reading, readKept } from './read-kept.ts';
import { requireAgent } from './require-agent.ts';

export interface Executions extends ExecutionApi {
  /** Follows what the engine has begun itself from now on, by its own way of attaching; it is not followed already. */
  followOwn(execution: Execution, reattach: Reattach): LiveExecution;
  /** Resolves when it is over, as it is then; what nobody follows is over. Rejects when the server stops before. */
  whenOver(id: ExecutionId): Promise<Execution>;
  /** Goes on with the commands that a former server was following. */
  resumeAll(): Promise<void>;
  /** Lets go of all commands: they run on in their guests. */
  detachAll(): Promise<void>;
}

interface Watching {
  readonly isFollowed: boolean;
  readonly signal: AbortSignal;
}

interface ExecutionDeps extends LiveDeps, Pick<EngineDeps, 'ids'> {
  readonly awaken: Awaken;
  readonly secrets: Pick<SecretDelivery, 'environmentOf'>;
  readonly config: EngineConfig;
}

export function createExecutions(deps: ExecutionDeps): Executions {
  const live = new Map<ExecutionId, LiveExecution>();
  const stopping = new AbortController();
  const recordInput = createInputRecorder(deps);

  function follow(execution: Execution, process: GuestProcess | null, how?: Reattach): LiveExecution {
    const manner = { signal: stopping.signal, ...(how === undefined ? {} : { reattach: how }) };
    const following = new LiveExecution(deps, execution, process, manner);
    live.set(execution.id, following);
    following.finished
      .catch((error: unknown) => {
        if (!stopping.signal.aborted)
          deps.log.error('a command is no longer followed', { executionId: execution.id, error });
      })
      .finally(() => live.delete(execution.id));
    return following;
  }

  async function start(
    principal: Principal,
    ref: string,
    request: ExecRequest,
    { signal, once }: Once & { readonly signal: AbortSignal },
  ): Promise<ExecutionSession> {
    authorise(principal, 'vm:exec');
    if (once !== undefined && once.effect !== null) {
      if (once.effect.kind !== 'execution') throw outcomeUnknown();
      return await rejoin(once.effect.id, signal);
    }
    const vm = await deps.awaken(principal, ref, { cause: 'exec', signal });
    await requireAgent(deps, vm, signal);
    // Not part of what is stored, nor of what is shown: only of what the guest is sent.
    const secrets = await deps.secrets.environmentOf(vm);
    const given = { ...request, env: { ...vm.spec.environment, ...secrets, ...request.env } };
    const execution = newExecution(deps, vm, principal, request);
    await deps.store.transaction(async (tables) => {
      await admitQuota(tables, execution.owner, { executions: 1 }, deps.config.limits);
      await tables.executions.insert(execution);
      await recordAudit(tables, deps.clock, principal, {
        action: 'vm.exec',
        target: auditTarget('vm', vm),
        details: { execution_id: execution.id },
      });
      await tables.events.append([executionEvent('execution.started', execution, execution.createdAt)]);
      await bindKey(tables, deps.clock, once, { kind: 'execution', id: execution.id });
    });
    deps.bus.publish('events', '');
    return await begin(execution, given, principal, signal);
  }

  async function begin(
    execution: Execution,
    given: ExecRequest,
    principal: Principal,
    signal: AbortSignal,
  ): Promise<ExecutionSession> {
    try {
      const process = await execInGuest(execution, given, principal, signal);
      const following = follow(execution, process);
      return { execution: following.execution, updates: following.hub.subscribe(signal).updates };
    } catch (error) {
      if (!(error instanceof VolaryError) || error.reason !== 'execution.not_started') {
        // Whether the guest has begun it nobody knows now: it is attached to as soon as that can be found out.
        follow(execution, null);
        throw error;
      }
      return await refused(execution, error);
    }
  }

  /** One that is suspended at this very moment is woken for it: a guest begins a command of one id once, however often it is asked. */
  async function execInGuest(
    { id, vmId }: Execution,
    given: ExecRequest,
    principal: Principal,
    signal: AbortSignal,
  ): Promise<GuestProcess> {
    const ask = async (): Promise<GuestProcess> =>
      (await deps.links.open(vmId, { signal })).exec(id, given, { signal: stopping.signal });
    try {
      return await ask();
    } catch (error) {
      const vm = await deps.store.vms.get(vmId);
      if (vm === null || !isSuspended(vm)) throw error;
      await deps.awaken(principal, vmId, { cause: 'exec', signal });
      return await ask();
    }
  }

  async function refused(execution: Execution, error: VolaryError): Promise<ExecutionSession> {
    const now = deps.clock.now();
    const exitCode = shellCodeOf(error);
    const message = new TextEncoder().encode(`${execution.request.argv[0] ?? ''}: ${error.message}\n`);
    const said = exitCode === null ? new Uint8Array() : message;
    const ended: Execution = {
      ...execution,
      state: exitCode === null ? 'failed' : 'exited',
      exitCode,
      error: error.message,
      stderrBytes: said.length,
      startedAt: exitCode === null ? null : now,
      completedAt: now,
    };
    await deps.store.transaction(async (tables) => {
      if (said.length > 0) await tables.executions.appendOutput(ended.id, 'stderr', 0, said);
      await tables.executions.update(ended);
      await tables.events.append([executionEvent('execution.completed', ended, now)]);
    });
    deps.bus.publish('events', '');
    return { execution: ended, updates: endedUpdates(ended, said) };
  }

  async function find(id: ExecutionId): Promise<Execution> {
    const execution = await deps.store.executions.get(id);
    if (execution !== null) return execution;
    throw unknownExecution(id);
  }

  /** Commands belong to whom their VM belonged to. */
  async function findVisible(asker: Asker, id: ExecutionId): Promise<Execution> {
    return requireVisible(asker, await deps.store.executions.get(id), 'vm:read', () => unknownExecution(id));
  }

  /** Kept output from the offset on; live from there when it is to be followed and there is somebody who does. */
  async function read(
    execution: Execution,
    { stream, offset, isFollowed, signal }: Pick<Reading, 'stream' | 'offset'> & Watching,
  ): Promise<AsyncIterable<ExecutionUpdate>> {
    const following = isFollowed ? live.get(execution.id) : undefined;
    if (following === undefined) {
      // It may have ended since it was looked up.
      const present = isFollowed ? await find(execution.id) : execution;
      return readKept(deps.store, { execution: present, stream, offset, reader: null });
    }
    const reader = following.hub.subscribe(signal);
    await following.flush();
    return readKept(deps.store, { execution, stream, offset, reader });
  }

  /** A command that was started before, as a new session from its first byte on. */
  async function rejoin(id: ExecutionId, signal: AbortSignal): Promise<ExecutionSession> {
    const isLive = live.has(id);
    const execution = await find(id);
    if (!isLive && EXECUTION_TRANSITIONS[execution.state].length > 0) {
      throw new VolaryError('unavailable', 'Nobody follows the command yet.', { reason: 'execution.lost_from_sight' });
    }
    const updates = await read(execution, { stream: 'both', offset: 0, isFollowed: true, signal });
    return { execution: latest(execution), updates };
  }

  /** What is followed is known better than its row tells. */
  function latest(stored: Execution): Execution {
    return live.get(stored.id)?.execution ?? stored;
  }

  /** Before it is done: what comes of it shows in the guest alone. */
  async function record(
    principal: Principal,
    { id, vmId }: Execution,
    action: 'execution.signal' | 'execution.cancel',
    details: JsonObject,
  ): Promise<void> {
    const target = auditTarget('execution', { id });
    await recordAudit(deps.store, deps.clock, principal, { action, target, details: { vm_id: vmId, ...details } });
  }

  async function requireLive(principal: Principal, id: ExecutionId): Promise<LiveExecution> {
    const execution = await findVisible({ principal, permission: 'vm:exec' }, id);
    const following = live.get(id);
    if (following !== undefined) return following;
    throw new VolaryError('failed_precondition', 'The command is not running any more.', {
      reason: 'execution.not_running',
      details: { state: execution.state },
    });
  }

  return {
    start,
    async get(principal, id) {
      return latest(await findVisible({ principal, permission: 'vm:read' }, id));
    },
    async list(principal, { limit, after, vm }) {
      authorise(principal, 'vm:read');
      const of =
        vm === undefined ? {} : { vmId: (await findVm(deps.store, { principal, permission: 'vm:read' }, vm)).id };
      const rows = await deps.store.executions.list({
        ...{ limit: limit + 1, after, ...of },
        ...ofOwner(reachOf(principal, 'vm:read')),
      });
      const items = rows.slice(0, limit).map(latest);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
    async browse(principal, { limit, offset, vm }) {
      const { id: vmId } = await findVm(deps.store, { principal, permission: 'vm:read' }, vm);
      const { executions } = deps.store;
      const rows = await executions.list({ limit, offset, after: null, vmId });
      return { items: rows.map(latest), total: await executions.count({ vmId }) };
    },
    async output(principal, id, { stream, offset, follow: isFollowed, signal }) {
      const execution = await findVisible({ principal, permission: 'vm:read' }, id);
      return await read(execution, { stream, offset, isFollowed, signal });
    },
    async writeStdin(principal, id, part) {
      const following = await requireLive(principal, id);
      await recordInput(principal, following.execution, 'execution.write-stdin');
      return await following.stdin.write(part);
    },
    async signal(principal, id, name) {
      const number = signalNumber(name);
      if (number === null) {
        throw new VolaryError('invalid_argument', `There is no signal ${name}.`, {
          reason: 'execution.unknown_signal',
          details: { field: 'signal' },
        });
      }
      const following = await requireLive(principal, id);
      await record(principal, following.execution, 'execution.signal', { signal: name });
      await (await following.process()).signal(number);
    },
    async cancel(principal, id, options) {
      const following = await requireLive(principal, id);
      await record(principal, following.execution, 'execution.cancel', { grace_ms: options.graceMs });
      return await cancelExecution(deps.clock, following, options);
    },
    async resize(principal, id, size) {
      const following = await requireLive(principal, id);
      await recordInput(principal, following.execution, 'execution.resize');
      await (await following.process()).resize(size);
    },
    followOwn: (execution, how) => follow(execution, null, how),
    whenOver: async (id) => (await live.get(id)?.finished) ?? (await find(id)),
    async resumeAll() {
      for (const execution of await deps.store.executions.listActive()) {
        // Others see to those.
        if (execution.isWorkload || live.has(execution.id)) continue;
        const lengths = await deps.store.executions.outputLengths(execution.id);
        follow({ ...execution, stdoutBytes: lengths.stdout, stderrBytes: lengths.stderr }, null);
      }
    },
    async detachAll() {
      stopping.abort(new VolaryError('unavailable', 'The server is stopping.', { reason: 'server.stopping' }));
      await Promise.allSettled([...live.values()].map((following) => following.finished));
    },
  };
}

function unknownExecution(id: ExecutionId): VolaryError {
  return new VolaryError('not_found', `There is no execution ${id}.`, { reason: 'execution.unknown' });
}

/**
 * As a shell has it: a program that is not there is 127, one that cannot be run 126. Null where it was not the program
 * (no such user or directory, no memory): then no exit code may pretend that a command ran.
 */
function shellCodeOf({ details }: VolaryError): number | null {
  if (details['step'] !== 'program') return null;
  return details['errno'] === 'ENOENT' ? 127 : 126;
}

async function* endedUpdates(execution: Execution, stderr: Uint8Array): AsyncIterable<ExecutionUpdate> {
  if (stderr.length > 0) yield { kind: 'output', stream: 'stderr' satisfies OutputStream, offset: 0, bytes: stderr };
  yield { kind: 'completed', execution };
}

/** One that is about to be begun. */
export function newExecution(
  { ids, clock }: Pick<EngineDeps, 'ids' | 'clock'>,
  vm: Vm,
  principal: Pick<Principal, 'name'>,
  request: ExecRequest,
): Execution {
  return {
    id: ids.create('exec'),
    vmId: vm.id,
    incarnation: vm.incarnation,
    request,
    state: 'starting',
    exitCode: null,
    signal: null,
    timedOut: false,
    error: null,
    stdoutBytes: 0,
    stderrBytes: 0,
    isTruncated: false,
    isWorkload: false,
    principal: principal.name,
    owner: vm.owner,
    createdAt: clock.now(),
    startedAt: null,
    completedAt: null,
  };
}
