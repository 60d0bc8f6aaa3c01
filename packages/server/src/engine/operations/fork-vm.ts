import { VolaryError } from '../../domain/errors.ts';
import type { OperationError } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { totalDiskGib, withoutVolumes } from '../../domain/vm/extra-disk.ts';
import { presentSpec } from '../../domain/vm/settings.ts';
import { VM_DEFAULTS } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { AcceptedSnapshot, Forked, ForkItem, ForkRequest } from '../apis/snapshot-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { bindKey } from '../idempotency/claims.ts';
import { findVm } from '../queries/find-vm.ts';
import type { Accepted, Once } from '../requests.ts';
import { admitDisk, admitMemory } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { inheritedGrants } from '../secrets/grants.ts';
import {
  admit,
  announceSnapshot,
  newSnapshot,
  requireSnapshots,
  type SnapshotDeps,
  storeSnapshot,
} from './create-snapshot.ts';
import { toForkResult } from './fork-result.ts';
import { checkNewVm, newVm, storeVm } from './new-vm.ts';
import { recallFork } from './recall-fork.ts';
import { announce } from './request-change.ts';

/** VMs of one fork. */
const MOST_FORKS = 100;
/** What may be wrong with one of them and not with the others. */
const OF_ONE_ITEM: readonly string[] = ['host.no_memory', 'host.no_disk', 'quota.exceeded', 'vm.name_taken'];
/** Room for a hyphen and eight characters that are made up. */
const PREFIX_LENGTH = 54;

/**
 * Stores, in one transaction, a snapshot of the VM that goes when it is not needed any more, and the VMs that begin from it. They wait until
 * it is there; should it not come about, they fail with its reason.
 */
export async function forkVm(
  deps: SnapshotDeps,
  principal: Principal,
  vmRef: string,
  request: ForkRequest,
  { once }: Once = {},
): Promise<Forked> {
  authorise(principal, 'vm:create');
  authorise(principal, 'snapshot:create');
  const earlier = await recallFork(deps, once);
  if (earlier !== null) return earlier;
  checkForks(request);
  const { source, items } = await makingRoom(deps, (facts, { canRetry }) =>
    deps.store.transaction(async (tables) => {
      const vm = await findVm(tables, { principal, permission: 'snapshot:create' }, vmRef);
      requireSnapshots(deps, vm);
      const saving = { name: null, description: '', labels: {}, vm, kind: 'vm.fork', isTemporary: true } as const;
      const made = newSnapshot(deps, principal, saving);
      await admit(deps, tables, vm, facts);
      const items = await makeForks(deps, tables, { principal, request, vm, facts, source: made, canRetry });
      const source = { ...made, operation: { ...made.operation, result: toForkResult(items) } };
      await storeSnapshot(tables, source);
      const vms = items.flatMap((item) => (item.kind === 'accepted' && item.vm !== null ? [item.vm.id] : []));
      await recordAudit(tables, deps.clock, principal, {
        action: 'vm.fork',
        target: auditTarget('vm', vm),
        details: { operation_id: source.operation.id, vms, refused: items.length - vms.length },
      });
      await bindKey(tables, deps.clock, once, { kind: 'operation', id: source.operation.id });
      return { source, items };
    }),
  );
  announceSnapshot(deps, source);
  for (const item of items)
    if (item.kind === 'accepted' && item.vm !== null) announce(deps, { vm: item.vm, operation: item.operation });
  return { operation: source.operation, items };
}

interface Forking {
  readonly principal: Principal;
  readonly request: ForkRequest;
  readonly vm: Vm;
  readonly facts: HostFacts;
  readonly source: AcceptedSnapshot;
  /** Whether all of it is tried again when one of them is refused so. */
  readonly canRetry: (error: unknown) => boolean;
}

async function makeForks(deps: SnapshotDeps, tables: Tables, forking: Forking): Promise<readonly ForkItem[]> {
  const items: ForkItem[] = [];
  let first: VolaryError | null = null;
  for (let i = 0; i < forking.request.count; i++) {
    try {
      const accepted = await makeFork(deps, tables, forking, i);
      items.push({ kind: 'accepted', ...accepted });
    } catch (error) {
      if (!(error instanceof VolaryError) || !OF_ONE_ITEM.includes(error.reason) || forking.canRetry(error))
        throw error;
      first ??= error;
      items.push({ kind: 'refused', error: toOperationError(error) });
    }
  }
  if (first !== null && items.every(({ kind }) => kind === 'refused')) throw first;
  return items;
}

async function makeFork(
  deps: SnapshotDeps,
  tables: Tables,
  { principal, request, vm, facts, source }: Forking,
  index: number,
): Promise<Accepted> {
  const { limits } = deps.config;
  const present = presentSpec(vm);
  // What is in its volumes is copied.
  const disks = withoutVolumes(present.disks);
  const spec = { ...present, disks, restartPolicy: VM_DEFAULTS.restartPolicy };
  const promised = await tables.vms.promised();
  admitMemory(spec.memoryMib, facts, promised, limits);
  admitDisk(totalDiskGib(spec), facts, promised, limits);
  const origin = { snapshotId: source.snapshot.id, incarnation: 1, disk: 'made' } as const;
  const { labels } = request;
  const name = nameOf(request, index);
  const secrets = await inheritedGrants(tables, { principal, owner: principal.name }, vm);
  const made = newVm(deps, principal, { name, labels, metadata: {}, spec, origin, start: true, secrets });
  const named = name === null ? renamed(made, `${vm.name.slice(0, PREFIX_LENGTH)}-${made.vm.id.slice(-8)}`) : made;
  await storeVm(deps, tables, principal, named);
  return named;
}

function renamed({ vm, operation }: Accepted, name: string): Accepted {
  return {
    vm: { ...vm, name },
    operation: { ...operation, subject: { kind: 'vm', id: vm.id, name } },
  };
}

/** Null: one is made up, from the source's. */
function nameOf({ names, namePrefix }: ForkRequest, index: number): string | null {
  if (names !== null) return names[index] ?? null;
  return namePrefix === null ? null : `${namePrefix}-${index + 1}`;
}

function checkForks(request: ForkRequest): void {
  const { count, names, labels } = request;
  if (!Number.isInteger(count) || count < 1 || count > MOST_FORKS)
    throw invalidCount(`count must be a whole number from 1 to ${MOST_FORKS}.`);
  if (names !== null && names.length !== count)
    throw invalidCount(`${count} are asked for, and ${names.length} named.`);
  for (let i = 0; i < count; i++) checkNewVm({ name: nameOf(request, i), labels, metadata: {} });
}

function invalidCount(message: string): VolaryError {
  return new VolaryError('invalid_argument', message, {
    reason: 'vm.invalid_fork_count',
    details: { field: 'count', minimum: 1, maximum: MOST_FORKS },
  });
}

function toOperationError({ code, reason, message, details }: VolaryError): OperationError {
  return { code, reason, message, details };
}
