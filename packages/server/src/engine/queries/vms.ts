import { VolaryError } from '../../domain/errors.ts';
import type { VmId } from '../../domain/ids.ts';
import { may, reachOf } from '../../domain/principal/principal.ts';
import type { VmPlaces } from '../../domain/vm/places.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { Asker } from '../access/require-visible.ts';
import type { VmApi } from '../apis/vm-api.ts';
import type { EngineDeps } from '../deps.ts';
import { isSuspended } from '../operations/power-policy.ts';
import type { Leaf, Page } from '../requests.ts';
import { type Activity, used } from '../sessions/activity.ts';
import type { Awaken } from '../suspend/awaken.ts';
import { findVm } from './find-vm.ts';
import { createPageCache } from './page-cache.ts';
import { selectedPage } from './selected-page.ts';
import { waitFor } from './wait-for.ts';

const NOWHERE: VmPlaces = { kernelPath: null, rootPath: null, socketPath: null };

/** What can be asked about VMs without changing any. */
export function createVmQueries(
  deps: Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'drivers'> & {
    readonly awaken: Awaken;
    readonly activity: Activity;
  },
): Pick<VmApi, 'get' | 'locate' | 'list' | 'browse' | 'wait' | 'readConsole'> {
  const pages = createPageCache<Page<Vm, VmId>>(() => deps.store.vms.changeCount());
  const leaves = createPageCache<Leaf<Vm>>(() => deps.store.vms.changeCount());
  return {
    async get(principal, ref) {
      return await findVm(deps.store, { principal, permission: 'vm:read' }, ref);
    },

    async locate(principal, ref) {
      const vm = await findVm(deps.store, { principal, permission: 'vm:read' }, ref);
      if (!may(principal, 'host:read')) return NOWHERE;
      // One whose driver is not configured any more can still be looked at.
      return (await deps.drivers.all.find(({ kind }) => kind === vm.driver)?.locateVm?.(vm.id)) ?? NOWHERE;
    },

    async list(principal, request) {
      authorise(principal, 'vm:read');
      const owner = reachOf(principal, 'vm:read');
      const { limit, after, phases, name, selector, drivers, search } = request;
      return await pages.get(JSON.stringify([limit, after, phases, name, owner, selector, drivers, search]), () =>
        selectedPage(request, (page) => deps.store.vms.list({ ...request, ...page, ...ofOwner(owner) })),
      );
    },

    async browse(principal, request) {
      authorise(principal, 'vm:read');
      const { limit, offset, ...which } = { ...request, ...ofOwner(reachOf(principal, 'vm:read')) };
      return await leaves.get(JSON.stringify([limit, offset, which]), () =>
        deps.store.transaction(async ({ vms }) => ({
          items: await vms.list({ ...which, limit, offset, after: null }),
          total: await vms.count(which),
        })),
      );
    },

    async wait(principal, ref, wanted, waiting) {
      const id = await findWaitedFor(deps, { principal, permission: 'vm:read' }, ref, wanted.phase);
      if (id === null) return null;
      const found = await waitFor(deps, { topic: 'vm', key: id }, waiting, async () => {
        const vm = await deps.store.vms.get(id);
        return isAsWanted(vm, wanted) ? { vm } : undefined;
      });
      if (found !== undefined) return found.vm;
      const vm = await deps.store.vms.get(id);
      throw notYet(vm?.name ?? ref, wanted, waiting.timeoutMs);
    },

    async readConsole(principal, ref, options) {
      const vm = await findVm(deps.store, { principal, permission: 'vm:read' }, ref);
      const { follow, signal } = options;
      if (!follow) return deps.drivers.of(vm).readConsole(vm.id, options);
      // Whoever may only read wakes nobody.
      if (isSuspended(vm) && vm.spec.autoWake && may(principal, 'vm:exec', vm))
        await deps.awaken(principal, vm.id, { cause: 'console', signal });
      return used(deps.drivers.of(vm).readConsole(vm.id, options), deps.activity.begin(vm.id));
    },
  };
}

/** Null when the VM is gone already and that is what is waited for: whoever deleted it cannot know how fast that was. */
async function findWaitedFor(
  deps: Pick<EngineDeps, 'store'>,
  asker: Asker,
  ref: string,
  phase: string,
): Promise<VmId | null> {
  try {
    return (await findVm(deps.store, asker, ref)).id;
  } catch (error) {
    if (phase === 'absent' && error instanceof VolaryError && error.reason === 'vm.unknown') return null;
    throw error;
  }
}

/** Throws when what is waited for cannot come without somebody's asking for it. */
function isAsWanted(vm: Vm | null, wanted: Parameters<VmApi['wait']>[2]): boolean {
  if (vm === null) {
    if (wanted.phase === 'absent') return true;
    throw new VolaryError('not_found', 'The VM was deleted meanwhile.', { reason: 'vm.unknown' });
  }
  const isInPhase = vm.status.phase === wanted.phase && vm.incarnation >= (wanted.incarnation ?? 0);
  if (isInPhase && vm.health === (wanted.health ?? vm.health)) return true;
  if (vm.status.phase === 'failed' && vm.restarts.at === null && vm.status.failure.generation === vm.generation) {
    throw new VolaryError('failed_precondition', `${vm.name} has failed: ${vm.status.failure.message}`, {
      reason: 'vm.failed',
      details: { failure: vm.status.failure.reason },
    });
  }
  return false;
}

function notYet(name: string, { phase, health }: Parameters<VmApi['wait']>[2], timeoutMs: number): VolaryError {
  const wanted = health === undefined ? phase : `${phase} and ${health}`;
  return new VolaryError('deadline_exceeded', `${name} was not ${wanted} within ${timeoutMs / 1000} s.`, {
    reason: 'vm.wait_timeout',
    details: { phase, timeout_ms: timeoutMs },
  });
}
