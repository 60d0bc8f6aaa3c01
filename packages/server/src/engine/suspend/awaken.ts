/**
 * Waking by use: whoever wants something of the guest of a suspended VM has it resumed, and waits for that. All who come meanwhile wait
 * for the same operation.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import { isFinal } from '../../domain/operation/operation.ts';
import type { Permission } from '../../domain/principal/permissions.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { Asker } from '../access/require-visible.ts';
import { isSuspended, mayTalkToGuest } from '../operations/power-policy.ts';
import { type OperationDeps, requestChange } from '../operations/request-change.ts';
import { findVm } from '../queries/find-vm.ts';
import { waitFor } from '../queries/wait-for.ts';
import type { Accepted } from '../requests.ts';
import { admitWaking } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';

/** What somebody wants of the guest. */
export type WakeCause = 'exec' | 'files' | 'console' | 'port';

/**
 * The VM, running. One that is suspended is resumed first, if it lets itself be woken by use; whoever may use it may do that.
 * Throws `not_found` vm.unknown, `permission_denied` access.denied, `failed_precondition` vm.not_running / vm.suspended, `resource_exhausted` host.no_memory, what the resume failed with, or the signal's reason.
 */
export type Awaken = (
  principal: Principal,
  ref: string,
  options: Abortable & {
    readonly cause: WakeCause;
    /** What the principal must be allowed. Default: `vm:exec`. */
    readonly permission?: Permission;
  },
) => Promise<Vm>;

/** Others may suspend it again in between: then it is woken again, a few times. */
const MOST_TRIES = 5;

export function createAwaken(deps: OperationDeps): Awaken {
  return async (principal, ref, { cause, signal, permission = 'vm:exec' }) => {
    const asker = { principal, permission } as const;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const vm = await findVm(deps.store, asker, ref);
      if (!isSleepy(vm)) {
        mayTalkToGuest(vm);
        return vm;
      }
      if (isSuspended(vm) && !vm.spec.autoWake) throw staysAsleep(vm);
      const operation = await moveOn(deps, asker, vm, cause);
      if (operation !== null) await untilOver(deps, operation, signal);
    }
    const vm = await findVm(deps.store, asker, ref);
    mayTalkToGuest(vm);
    return vm;
  };
}

/** On its way to sleep, asleep, or waking up. */
function isSleepy({ status: { phase } }: Vm): boolean {
  return phase === 'suspending' || phase === 'suspended' || phase === 'resuming';
}

/** The operation that is to be waited for; null: look again. */
async function moveOn(deps: OperationDeps, asker: Asker, vm: Vm, cause: WakeCause): Promise<Operation | null> {
  const active = await deps.store.operations.findActive(vm.id);
  if (active !== null) return active;
  try {
    return (await requestWake(deps, asker, vm, cause)).operation;
  } catch (error) {
    if (error instanceof VolaryError && error.reason === 'vm.changed') return null;
    throw error;
  }
}

async function requestWake(deps: OperationDeps, asker: Asker, seen: Vm, cause: WakeCause): Promise<Accepted> {
  return await makingRoom(deps, (facts) =>
    requestChange(deps, { ...asker, ref: seen.id, revision: seen.revision }, async (vm, _active, tables) => {
      await admitWaking(tables, vm, facts, deps.config.limits);
      return {
        kind: 'vm.resume',
        phase: 'resuming',
        event: 'vm.resuming',
        desired: { power: 'running' },
        data: { reason: 'used', used_by: cause },
      };
    }),
  );
}

/** Waits until the operation is final. Throws what it failed with. */
async function untilOver(deps: OperationDeps, { id }: Operation, signal: AbortSignal): Promise<void> {
  const waiting = { timeoutMs: deps.config.limits.operationMs, signal };
  const ended = await waitFor(deps, { topic: 'operation', key: id }, waiting, async () => {
    const operation = await deps.store.operations.get(id);
    return operation === null || isFinal(operation.state) ? { operation } : undefined;
  });
  const error = ended?.operation?.state === 'failed' ? ended.operation.error : null;
  if (error === null) return;
  const { code, reason, message, details } = error;
  throw new VolaryError(code, message, { reason, details, context: { operationId: id } });
}

function staysAsleep({ name }: Vm): VolaryError {
  return new VolaryError('failed_precondition', `${name} is suspended, and is not woken by use; resume it.`, {
    reason: 'vm.suspended',
    details: { phase: 'suspended' },
  });
}
