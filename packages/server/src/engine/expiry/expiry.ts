/**
 * VMs that are deleted by themselves. Two clocks have to agree on that: the wall clock says that the moment has come, and as long as this
 * server has known of it, the clock that does not jump says that the time until then has passed. So a wall clock that jumps ahead
 * deletes nothing. A server that starts can only believe the wall clock: what seems to be over then has a minute left.
 *
 *   a minute before: `vm.expiring` -> the moment: `vm.expired`, and a deletion like any other
 */
import { SYSTEM } from '../../domain/principal/principal.ts';
import type { Expiry } from '../../domain/vm/expiry.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { vmEvent } from '../operations/events.ts';
import { announce, doneTo, type OperationDeps, recordChange } from '../operations/request-change.ts';
import type { Accepted } from '../requests.ts';

/** How long before its end a VM's end is told, and what one has at least whose time was over when a server started, milliseconds. */
const NOTICE_MS = 60_000;

/** A moment that was set, and when it comes by the clock that does not jump. */
interface Deadline {
  readonly at: number;
  readonly endMs: number;
}

export interface Expiries {
  /** Tells of those that are near, and deletes those whose time is over. */
  look(): Promise<void>;
}

export function createExpiries(deps: OperationDeps): Expiries {
  const { store, clock } = deps;
  const deadlines = new Map<Vm['id'], Deadline>();
  let readAt: number | null = null;
  let known: readonly Vm[] = [];

  async function refresh(): Promise<void> {
    const count = store.vms.changeCount();
    if (count !== null && count === readAt) return;
    readAt = count;
    known = (await store.vms.listExpiries()).filter(({ desired }) => desired.power !== 'absent');
    const ids = new Set(known.map(({ id }) => id));
    for (const id of deadlines.keys()) if (!ids.has(id)) deadlines.delete(id);
  }

  function leftMs({ id }: Vm, { at }: Expiry): number {
    const left = at - clock.now();
    const deadline = deadlines.get(id);
    if (deadline?.at === at) return Math.max(left, deadline.endMs - clock.monotonicMs());
    const first = left > 0 ? left : NOTICE_MS;
    deadlines.set(id, { at, endMs: clock.monotonicMs() + first });
    return first;
  }

  return {
    async look() {
      await refresh();
      for (const vm of known) {
        const { expiry } = vm;
        if (expiry === null) continue;
        const left = leftMs(vm, expiry);
        if (left <= 0) await expire(deps, vm.id, expiry);
        else if (left <= NOTICE_MS && expiry.toldAt === null) await tell(deps, vm.id, expiry, left);
      }
    },
  };
}

async function tell(deps: OperationDeps, id: Vm['id'], expiry: Expiry, leftMs: number): Promise<void> {
  await deps.store.transaction(async (tables) => {
    const vm = await tables.vms.get(id);
    if (vm === null || !isStill(vm, expiry)) return;
    const now = deps.clock.now();
    const told: Vm = { ...vm, expiry: { ...expiry, toldAt: now }, revision: vm.revision + 1, updatedAt: now };
    const data = { expires_at: new Date(expiry.at).toISOString(), in_ms: Math.ceil(leftMs) };
    await tables.vms.update(told);
    await tables.events.append([vmEvent('vm.expiring', told, null, now, data)]);
  });
  deps.bus.publish('events', '');
  deps.bus.publish('vm', id);
}

async function expire(deps: OperationDeps, id: Vm['id'], expiry: Expiry): Promise<void> {
  const accepted = await deps.store.transaction(async (tables): Promise<Accepted | null> => {
    const vm = await tables.vms.get(id);
    // Somebody has given it more time, or deleted it, meanwhile.
    if (vm === null || !isStill(vm, expiry)) return null;
    const active = await tables.operations.findActive(id);
    const data = { expires_at: new Date(expiry.at).toISOString() };
    await tables.events.append([vmEvent('vm.expired', vm, null, deps.clock.now(), data)]);
    const desired = { power: 'absent' } as const;
    const change = {
      kind: 'vm.delete',
      phase: 'deleting',
      event: 'vm.deleting',
      desired,
      data: { reason: 'expired' },
    } as const;
    const accepted = await recordChange(deps, tables, { vm, active, principal: SYSTEM, change });
    await recordAudit(tables, deps.clock, SYSTEM, doneTo(accepted, change.data));
    return accepted;
  });
  if (accepted !== null) announce(deps, accepted);
}

function isStill(vm: Vm, { at }: Expiry): boolean {
  return vm.expiry?.at === at && vm.desired.power !== 'absent';
}
