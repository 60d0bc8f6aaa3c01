import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { changeSettings } from '../config/change-settings.ts';
import type { Updated, UpdateOptions, UpdateVmRequest } from '../config/config-api.ts';
import { mergeSettings } from '../config/merge-settings.ts';
import { grantsFor } from '../secrets/grants.ts';
import type { OperationDeps } from './request-change.ts';

/** Changes what somebody has set of a VM; what is not given stays as it is. */
export async function updateVm(
  deps: OperationDeps,
  principal: Principal,
  ref: string,
  request: UpdateVmRequest,
  options: UpdateOptions,
): Promise<Updated> {
  authorise(principal, 'vm:update');
  return await changeSettings(deps, {
    ...{ principal, ref, options },
    settingsFor: async (vm, tables) => ({
      ...mergeSettings(vm, request, deps.clock.now()),
      secrets: await secretsOf(tables, principal, vm, request),
    }),
    causeOf: () => ({ kind: 'changed' }),
  });
}

async function secretsOf(
  tables: Tables,
  principal: Principal,
  { owner, secrets }: Vm,
  request: UpdateVmRequest,
): Promise<Vm['secrets']> {
  return request.secrets === undefined ? secrets : await grantsFor(tables, { principal, owner }, request.secrets);
}
