import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { MigrateVmRequest } from '../apis/vm-api.ts';
import type { EngineDeps } from '../deps.ts';
import { findVm } from '../queries/find-vm.ts';
import type { Accepted } from '../requests.ts';
import { mayTalkToGuest } from './power-policy.ts';

/** As long as a server has its own host alone. */
export const WHY_NO_MIGRATION = 'This server has one host alone: there is none that a VM could go to.';

/** Moves a VM to another host. An embedded server has its own alone: there is nowhere to go. Throws as `VmApi.migrate` says. */
export async function migrateVm(
  deps: Pick<EngineDeps, 'store' | 'hostProbe'> & { readonly config: { readonly hostId: string } },
  principal: Principal,
  ref: string,
  { targetHost }: MigrateVmRequest,
): Promise<Accepted> {
  authorise(principal, 'vm:migrate');
  const vm = await findVm(deps.store, { principal, permission: 'vm:migrate' }, ref);
  mayTalkToGuest(vm);
  const { hostname } = await deps.hostProbe.measure();
  if (targetHost === deps.config.hostId || targetHost === hostname) {
    throw new VolaryError('invalid_argument', `${vm.name} is on that host already.`, {
      reason: 'host.not_another',
      details: { field: 'target_host' },
    });
  }
  throw new VolaryError('failed_precondition', `There is no host besides ${hostname} that ${vm.name} could go to.`, {
    reason: 'host.no_other',
    details: { hosts: [hostname] },
  });
}
