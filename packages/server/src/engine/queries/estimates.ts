import { isFinal, type Operation, type OperationKind } from '../../domain/operation/operation.ts';
import type { EpochMs } from '../../domain/time.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Tables } from '../../ports/store.ts';
import type { OperationApi } from '../apis/operation-api.ts';
import type { EngineDeps } from '../deps.ts';
import { findOperation } from './find-operation.ts';

/** Of so many of the last ones of their kind the median counts. */
const MOST = 20;
/** So many are looked through for those of the same driver. */
const LOOKED_THROUGH = 60;
/** So long a median stands for the next ones too: who makes hundreds of VMs is not to have all of this read for each. */
const KEPT_MS = 1_000;
/** What boots a guest: what one of these took says most of another, where there is nothing better. */
const BOOTS: readonly OperationKind[] = ['vm.create', 'vm.start', 'vm.restart'];

/** When operations are expected to be over. */
export function createEstimates({
  store,
  driver: main,
  clock,
  config,
}: Pick<EngineDeps, 'store' | 'driver' | 'clock'> & {
  readonly config: { readonly limits: { readonly bootMs: number } };
}): Pick<OperationApi, 'estimate' | 'expect'> {
  /** By kind and driver. Null: none was found. */
  const kept = new Map<string, { readonly atMs: number; readonly median: number | null }>();

  async function medianFor(kind: OperationKind, driver: Vm['driver']): Promise<number | null> {
    const key = `${kind} ${driver}`;
    const nowMs = clock.monotonicMs();
    const known = kept.get(key);
    if (known !== undefined && nowMs - known.atMs < KEPT_MS) return known.median;
    const median = medianOf(await durations(kind, driver));
    kept.set(key, { atMs: nowMs, median });
    return median;
  }

  async function durations(kind: OperationKind, driver: Vm['driver']): Promise<readonly number[]> {
    const last = await store.operations.list({ limit: LOOKED_THROUGH, after: null, kind, state: 'succeeded' });
    const found: number[] = [];
    for (const operation of last) {
      if (found.length === MOST) break;
      const took = (operation.completedAt ?? operation.createdAt) - operation.createdAt;
      if (took > 0 && ((await driverOf(store, operation)) ?? driver) === driver) found.push(took);
    }
    return found;
  }

  async function estimate(
    { kind, createdAt, completedAt }: Operation,
    { driver }: Pick<Vm, 'driver'>,
    others: readonly OperationKind[],
  ): Promise<EpochMs | null> {
    if (completedAt !== null) return completedAt;
    for (const like of [kind, ...others]) {
      const median = await medianFor(like, driver);
      if (median !== null) return createdAt + median;
    }
    return null;
  }

  return {
    async estimate(operation, vm) {
      return (await estimate(operation, vm, BOOTS)) ?? operation.createdAt + config.limits.bootMs;
    },
    async expect(principal, id) {
      const operation = await findOperation(store, { principal, permission: 'operation:read' }, id);
      const driver = (await driverOf(store, operation)) ?? main.kind;
      const others = BOOTS.includes(operation.kind) ? BOOTS : [];
      return { at: await estimate(operation, { driver }, others), isFinal: isFinal(operation.state) };
    },
  };
}

/** Null where any may have been: what is no VM's has none, and of a VM that is gone nobody knows it any more. */
async function driverOf({ vms }: Pick<Tables, 'vms'>, { subject }: Operation): Promise<Vm['driver'] | null> {
  return subject.kind === 'vm' ? ((await vms.get(subject.id))?.driver ?? null) : null;
}

function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - (sorted.length % 2 === 0 ? 1 : 0)], sorted[middle]];
  return low === undefined || high === undefined ? null : Math.round((low + high) / 2);
}
