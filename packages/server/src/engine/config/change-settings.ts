/**
 * Changes what somebody has set of a VM: all of it at once or nothing, as a revision. What its machine need not know of holds at once. What that
 * can be given while it runs, an operation gives it; the rest is there at its next start, or by a restart that is asked for with the change.
 */
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { toolText } from '../../domain/tool/tool.ts';
import { growTowards, isSameSize, noGrowth, sizeOfSpec, type VmMachine } from '../../domain/vm/machine-shape.ts';
import type { RevisionCause } from '../../domain/vm/revision.ts';
import { pendingChanges, presentSpec, type VmSettings } from '../../domain/vm/settings.ts';
import { nextIncarnation, type Vm } from '../../domain/vm/vm.ts';
import { checkNoSecretIsHidden } from '../../domain/workload/environment.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import type { Tables } from '../../ports/store.ts';
import type { Updated, UpdateOptions } from '../apis/config-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { requireSecurityGroups } from '../networks/place-vm.ts';
import { operationEvent, vmEvent } from '../operations/events.ts';
import { mayChangePower } from '../operations/power-policy.ts';
import {
  announce,
  type Change,
  checkRevision,
  hasMachine,
  newOperation,
  type OperationDeps,
  recordChange,
} from '../operations/request-change.ts';
import { findVm } from '../queries/find-vm.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { admitChange } from './admit-change.ts';
import { checkSettings } from './merge-settings.ts';
import { recordRevision } from './record-revision.ts';

/** How long a guest may take to shut down for a restart that is asked for with a change. */
const RESTART_GRACE_MS = 30_000;

interface Wish {
  readonly principal: Principal;
  readonly ref: string;
  readonly options: UpdateOptions;
  /** What the settings are to become; in the transaction, before anything is written. */
  readonly settingsFor: (vm: Vm, tables: Tables) => Promise<VmSettings>;
  readonly causeOf: (vm: Vm) => RevisionCause;
}

/** Throws as `VmApi.update` says. */
export async function changeSettings(deps: OperationDeps, wish: Wish): Promise<Updated> {
  const { vm, operation } = await makingRoom(deps, (facts) =>
    deps.store.transaction((tables) => change(deps, tables, wish, facts)),
  );
  if (vm.spec.network.mode === 'bridge') deps.bus.publish('networks', vm.id);
  if (operation !== null) announce(deps, { vm, operation });
  else {
    deps.bus.publish('events', '');
    deps.bus.publish('vm', vm.id);
    // Whoever asks how it is may have to ask otherwise.
    deps.wake(vm.id);
  }
  return { vm, operation };
}

async function change(deps: OperationDeps, tables: Tables, wish: Wish, facts: HostFacts): Promise<Updated> {
  const { principal, options, settingsFor, causeOf } = wish;
  const before = await findVm(tables, { principal, permission: 'vm:update' }, wish.ref);
  if (options.apply === 'restart') await findVm(tables, { principal, permission: 'vm:power' }, before.id);
  checkRevision(before, options);
  mayChangePower(before);
  const settings = await settingsFor(before, tables);
  checkSettings({ driver: deps.drivers.of(before), networks: deps.networks }, before, settings);
  await requireSecurityGroups(tables, principal, settings.spec.network, before.spec.network);
  const { environment, workload } = settings.spec;
  checkNoSecretIsHidden({ ...environment, ...workload?.environment }, settings.secrets);
  const now = deps.clock.now();
  const after: Vm = { ...before, ...settings, machine: knownMachine(before) };
  await admitChange(tables, { before, after }, facts, deps.config.limits);
  const active = await tables.operations.findActive(before.id);
  const changes = await recordRevision(tables, { before, after }, { principal, at: now, cause: causeOf(before) });
  const changed = Object.keys(changes);
  const bringing = bringAbout(before, after, active, options);
  const isRecorded = options.isAlwaysOperation === true;
  if (changed.length === 0 && bringing === null && !isRecorded) return { vm: before, operation: null };
  const { vm, operation } =
    bringing === null
      ? await write(tables, after, changed, now, isRecorded ? doneAtOnce(deps, principal, after, changed) : null)
      : await recordChange(deps, tables, { vm: after, active, principal, change: { ...bringing, data: { changed } } });
  await recordAudit(tables, deps.clock, principal, {
    action: 'vm.update',
    target: auditTarget('vm', vm),
    details: { changed, ...(operation === null ? {} : { operation_id: operation.id }) },
  });
  return { vm, operation };
}

async function write(
  tables: Tables,
  after: Vm,
  changed: readonly string[],
  now: number,
  operation: Operation | null,
): Promise<Updated> {
  const vm: Vm = { ...after, revision: after.revision + 1, updatedAt: now };
  await tables.vms.update(vm);
  if (operation !== null) await tables.operations.insert(operation);
  await tables.events.append([
    ...(operation === null ? [] : [operationEvent('operation.created', operation, now)]),
    vmEvent('vm.updated', vm, operation, now, { changed: [...changed] }),
    ...(operation === null ? [] : [operationEvent('operation.succeeded', operation, now)]),
  ]);
  return { vm, operation };
}

/** An operation that there was nothing to do for. */
function doneAtOnce(deps: OperationDeps, principal: Principal, vm: Vm, changed: readonly string[]): Operation {
  const subject = { kind: 'vm', id: vm.id, name: vm.name } as const;
  const about = { subject, generation: vm.generation, principal: principal.name, owner: vm.owner };
  const made = newOperation(deps, { kind: 'vm.update', ...about });
  const at = made.createdAt;
  return { ...made, state: 'succeeded', startedAt: at, completedAt: at, result: { changed: [...changed] } };
}

/** By which what runs is asked how it is, is what it was before this change. Of a machine that was started when nobody wrote down what it was made with: what the VM has been up to now. */
function knownMachine(vm: Vm): VmMachine | null {
  const { name, spec, machine, incarnation, desired } = vm;
  const { workload, healthCheck } = presentSpec(vm);
  if (machine !== null) return { ...machine, healthCheck };
  if (incarnation === 0 || desired.power === 'stopped') return null;
  const size = sizeOfSpec(spec);
  return { ...size, growth: noGrowth(size), name, networkMode: spec.network.mode, workload, healthCheck };
}

/** Null: nothing is to be done now. What is under way takes it along, and so does the next start. */
function bringAbout(before: Vm, vm: Vm, active: Operation | null, { apply }: UpdateOptions): Change | null {
  const { machine, spec, status, desired } = vm;
  if (machine === null || !hasMachine(desired.power)) return null;
  if (apply === 'restart' && Object.keys(pendingChanges(vm)).length > 0) {
    const next = { power: 'running', incarnation: nextIncarnation(vm), graceMs: RESTART_GRACE_MS } as const;
    return { kind: 'vm.restart', phase: 'restarting', event: 'vm.restarting', desired: next };
  }
  if (apply === 'next-start' || active !== null || status.phase !== 'running') return null;
  const isAsLarge = isSameSize(growTowards(machine, sizeOfSpec(spec)), machine);
  const had = new Set(before.spec.tools.map(toolText));
  if (isAsLarge && spec.tools.every((tool) => had.has(toolText(tool)))) return null;
  return { kind: 'vm.update', phase: 'updating', event: 'vm.updated', desired: {} };
}
