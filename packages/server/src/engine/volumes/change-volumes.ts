/** Volumes that a VM without a machine is given, and that are taken from it: it is written down at once, and so at its next start whatever becomes of the server. */
import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { checkExtraDisks, type ExtraDisk } from '../../domain/vm/extra-disk.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Volume } from '../../domain/volume/volume.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { recordRevision } from '../config/record-revision.ts';
import type { EngineDeps } from '../deps.ts';
import { vmEvent } from '../operations/events.ts';
import { mayChangePower } from '../operations/power-policy.ts';
import { checkRevision } from '../operations/request-change.ts';
import { findVm } from '../queries/find-vm.ts';
import type { Precondition } from '../requests.ts';
import { volumeEvent } from './volume-events.ts';

export type ChangeVolumesDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'drivers' | 'log'>;

interface Asked {
  readonly principal: Principal;
  /** Name or id of the VM. */
  readonly ref: string;
  readonly options: Precondition;
  readonly action: 'volume.attach' | 'volume.detach';
  /** In the transaction: the disks that it is to have, and which volume that is about; null: it is so already. */
  readonly change: (
    vm: Vm,
    tables: Tables,
  ) => Promise<{ readonly disks: readonly ExtraDisk[]; readonly volume: Volume } | null>;
}

/**
 * Throws `not_found` vm.unknown, `conflict` vm.changed, `failed_precondition` vm.not_stopped, vm.being_deleted, `permission_denied` access.denied, and what `change`
 * does.
 */
export async function changeVolumes(deps: ChangeVolumesDeps, asked: Asked): Promise<Vm> {
  const { principal, ref, options, action } = asked;
  authorise(principal, 'volume:attach');
  const { vm, isNew } = await deps.store.transaction(async (tables) => {
    const before = await findVm(tables, { principal, permission: 'vm:update' }, ref);
    checkRevision(before, options);
    mayChangePower(before);
    const changed = await asked.change(before, tables);
    if (changed === null) return { vm: before, isNew: false };
    await requireStopped(tables, before);
    const { disks, volume } = changed;
    checkExtraDisks(disks);
    const at = deps.clock.now();
    const after: Vm = {
      ...before,
      spec: { ...before.spec, disks },
      revision: before.revision + 1,
      updatedAt: at,
    };
    await recordRevision(tables, { before, after }, { principal, at, cause: { kind: 'changed' } });
    await tables.vms.update(after);
    await tables.events.append([
      vmEvent('vm.updated', after, null, at, { changed: ['disks'] }),
      volumeEvent('volume.updated', volume, null, at, { vm_id: after.id, is_attached: action === 'volume.attach' }),
    ]);
    await recordAudit(tables, deps.clock, principal, {
      ...{ action, target: auditTarget('volume', volume), details: { vm_id: after.id } },
    });
    return { vm: after, isNew: true };
  });
  if (isNew) {
    deps.bus.publish('events', '');
    deps.bus.publish('vm', vm.id);
    await place(deps, vm);
  }
  return vm;
}

/** A machine that runs, or will go on from what was saved, has the disks that it has. Throws `failed_precondition` vm.not_stopped. */
async function requireStopped(tables: Tables, vm: Vm): Promise<void> {
  const { status, desired, restarts } = vm;
  const isAtRest = status.phase === 'stopped' && desired.power === 'stopped' && restarts.at === null;
  if (isAtRest && (await tables.operations.findActive(vm.id)) === null) return;
  throw new VolaryError(
    'failed_precondition',
    `${vm.name} is ${isAtRest ? 'being changed' : status.phase}, not stopped: volumes come and go while a VM is stopped.`,
    { reason: 'vm.not_stopped', details: { phase: status.phase } },
  );
}

/** So that nothing of a volume stays with a VM that has it no more. What fails here its next start does, or tells. */
async function place({ drivers, log }: ChangeVolumesDeps, vm: Vm): Promise<void> {
  try {
    await drivers.of(vm).volumes?.place(vm.id, vm.spec.disks, { signal: new AbortController().signal });
  } catch (error) {
    log.warn('the volumes of a VM could not be put in their places yet', { vmId: vm.id, error });
  }
}
