import type { Principal } from '../../domain/principal/principal.ts';
import { configOf, type VmSettings } from '../../domain/vm/settings.ts';
import { diffOf } from '../../domain/vm/spec-diff.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { Updated, UpdateOptions } from '../apis/config-api.ts';
import { changeSettings } from '../config/change-settings.ts';
import { findRevision } from '../queries/vm-revisions.ts';
import { grantsFor } from '../secrets/grants.ts';
import type { OperationDeps } from './request-change.ts';

/**
 * Sets the VM as an earlier revision had it, as a new one. But for what cannot be had again: its image stays, its disk as large as it
 * is, its other disks as they are, since a volume may be somebody else's by now, and when it is deleted by itself, which is a moment and no setting.
 */
export async function rollBackVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  { number, ...options }: UpdateOptions & { readonly number: number },
): Promise<Updated> {
  authorise(principal, 'vm:update');
  return await changeSettings(deps, {
    ...{ principal, ref, options },
    settingsFor: async (vm, tables) => {
      const { settings } = await findRevision(tables, vm, number);
      const { image, diskGib, disks } = vm.spec;
      const spec = { ...settings.spec, image, disks, diskGib: Math.max(diskGib, settings.spec.diskGib) };
      return { ...settings, spec, expiry: vm.expiry, secrets: await secretsOf(tables, principal, vm, settings) };
    },
    causeOf: () => ({ kind: 'rolled-back', to: number }),
  });
}

/** What it was given then has to be there still, and the principal's to give; where it is given the same now, nobody asks. */
async function secretsOf(
  tables: Tables,
  principal: Principal,
  vm: Vm,
  { secrets }: VmSettings,
): Promise<Vm['secrets']> {
  const isSame = Object.keys(diffOf(configOf(vm), configOf({ ...vm, secrets }))).length === 0;
  if (isSame) return vm.secrets;
  const requests = secrets.map(({ secretId, env, file }) => ({ ref: secretId, env, file }));
  return await grantsFor(tables, { principal, owner: vm.owner }, requests);
}
