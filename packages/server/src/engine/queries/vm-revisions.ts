import { VolaryError } from '../../domain/errors.ts';
import type { VmRevision } from '../../domain/vm/revision.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import type { ConfigApi } from '../apis/config-api.ts';
import { firstRevision } from '../config/record-revision.ts';
import type { EngineDeps } from '../deps.ts';
import { findVm } from './find-vm.ts';

type Reading = Pick<Tables, 'vmRevisions'>;

/** What can be asked of how a VM was set. */
export function createRevisionQueries({
  store,
}: Pick<EngineDeps, 'store'>): Pick<ConfigApi, 'config' | 'listRevisions' | 'getRevision'> {
  return {
    async config(principal, ref) {
      const vm = await findVm(store, { principal, permission: 'vm:read' }, ref);
      return { vm, number: Math.max(1, await store.vmRevisions.latest(vm.id)) };
    },
    async listRevisions(principal, ref, { limit, after }) {
      const vm = await findVm(store, { principal, permission: 'vm:read' }, ref);
      const rows = await store.vmRevisions.list({ vm, after, limit: limit + 1 });
      // One that was made before there were revisions, and has not been changed since.
      if (rows.length === 0 && after === null) return { items: [firstRevision(vm)], next: null };
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? (items.at(-1)?.number ?? null) : null };
    },
    async getRevision(principal, ref, number) {
      const vm = await findVm(store, { principal, permission: 'vm:read' }, ref);
      return await findRevision(store, vm, number);
    },
  };
}

/** Throws `not_found` vm.unknown_revision, which says which ones there are. */
export async function findRevision({ vmRevisions }: Reading, vm: Vm, number: number): Promise<VmRevision> {
  const found = await vmRevisions.get(vm, number);
  if (found !== null) return found;
  const latest = await vmRevisions.latest(vm.id);
  if (latest === 0 && number === 1) return firstRevision(vm);
  throw new VolaryError('not_found', `${vm.name} has no revision ${number}; the latest is ${Math.max(1, latest)}.`, {
    reason: 'vm.unknown_revision',
    details: { field: 'revision', latest: Math.max(1, latest) },
  });
}
