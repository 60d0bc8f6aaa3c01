import type { Principal } from '../../domain/principal/principal.ts';
import { expiryOf } from '../../domain/vm/expiry.ts';
import { checkVmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { checkNoSecretIsHidden } from '../../domain/workload/environment.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { UpdateVmRequest } from '../engine.ts';
import { findVm } from '../queries/find-vm.ts';
import type { Precondition } from '../requests.ts';
import { grantsFor } from '../secrets/grants.ts';
import { vmEvent } from './events.ts';
import { mayChangePower } from './power-policy.ts';
import { checkRevision, type OperationDeps } from './request-change.ts';

/** Changes settings that its machine need not know of: they hold at once. */
export async function updateVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  request: UpdateVmRequest,
  options: Precondition,
): Promise<Vm> {
  authorise(principal, 'vm:update');
  const changed = await deps.store.transaction(async (tables) => {
    const before = await findVm(tables, { principal, permission: 'vm:update' }, ref);
    checkRevision(before, options);
    mayChangePower(before);
    const now = deps.clock.now();
    const secrets = await secretsOf(tables, principal, before, request);
    const settings = settingsOf(before, request, now);
    const after: Vm = { ...settings, secrets, revision: before.revision + 1, updatedAt: now };
    checkVmSpec(after.spec);
    checkNoSecretIsHidden({ ...after.spec.environment, ...after.spec.workload?.environment }, secrets);
    await tables.vms.update(after);
    const changed = changedBy(request);
    await tables.events.append([vmEvent('vm.updated', after, null, now, { changed })]);
    await recordAudit(tables, deps.clock, principal, {
      action: 'vm.update',
      target: auditTarget('vm', after),
      details: { changed },
    });
    return after;
  });
  deps.bus.publish('events', '');
  deps.bus.publish('vm', changed.id);
  return changed;
}

/** Names what was given, in the words of the API. */
function changedBy({ autoSuspend, autoWake, lifetime, secrets }: UpdateVmRequest): readonly string[] {
  return [
    autoSuspend === undefined ? [] : ['auto_suspend'],
    autoWake === undefined ? [] : ['auto_wake'],
    lifetime === undefined ? [] : ['expires_at'],
    secrets === undefined ? [] : ['secrets'],
  ].flat();
}

async function secretsOf(
  tables: Tables,
  principal: Principal,
  { owner, secrets }: Vm,
  request: UpdateVmRequest,
): Promise<Vm['secrets']> {
  return request.secrets === undefined ? secrets : await grantsFor(tables, { principal, owner }, request.secrets);
}

function settingsOf(vm: Vm, { autoSuspend, autoWake, lifetime }: UpdateVmRequest, now: number): Vm {
  const { spec } = vm;
  const expiry = lifetime === undefined ? vm.expiry : lifetime === null ? null : expiryOf(lifetime, now);
  return {
    ...vm,
    spec: {
      ...spec,
      autoSuspend: autoSuspend === undefined ? spec.autoSuspend : autoSuspend,
      autoWake: autoWake ?? spec.autoWake,
    },
    expiry,
  };
}
