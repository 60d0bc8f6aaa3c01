/**
 * Suspends VMs that have had nothing to do for as long as their settings say. What is looked at is all that can be measured from
 * outside: commands that run, files and consoles that somebody reads, the processor time of the VMM, and the bytes that pass its network device
 * where its driver counts them. Each server begins to count anew.
 */
import { SYSTEM } from '../../domain/principal/principal.ts';
import type { AutoSuspend } from '../../domain/vm/auto-suspend.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { MachineUse } from '../../ports/driver.ts';
import type { EngineDeps } from '../deps.ts';
import type { OperationDeps } from '../operations/request-change.ts';
import { suspendVm } from '../operations/suspend-vm.ts';
import { everyVm } from '../queries/every-vm.ts';
import type { Activity } from '../sessions/activity.ts';

type IdleDeps = OperationDeps & Pick<EngineDeps, 'log'> & { readonly activity: Activity };

/** What was measured of one machine at one look. */
interface Sample extends MachineUse {
  readonly incarnation: number;
  readonly atMs: number;
  /** Since when it has had nothing to do. */
  readonly idleSinceMs: number;
  /** The most that its processors took in a look since then, percent of one. */
  readonly mostPercent: number;
}

export interface IdleWatch {
  /** Looks at all VMs once. To be called every few seconds: what is shorter than the time between two looks may not be seen. */
  look(signal: AbortSignal): Promise<void>;
}

export function createIdleWatch(deps: IdleDeps): IdleWatch {
  const samples = new Map<Vm['id'], Sample>();

  let known: readonly Vm[] = [];
  let knownAt: number | null = null;

  /** Those that this is asked of, and run; as long as no VM changes, nothing is read. */
  async function watched(): Promise<readonly Vm[]> {
    const count = deps.store.vms.changeCount();
    if (count !== null && count === knownAt) return known;
    const found: Vm[] = [];
    for await (const vm of everyVm(deps.store, { phases: ['running'], isAutoSuspended: true })) found.push(vm);
    [known, knownAt] = [found, count];
    return found;
  }

  async function measure(vm: Vm, settings: AutoSuspend, signal: AbortSignal): Promise<Sample | null> {
    const use = await deps.drivers.of(vm).measureMachine(vm.id, { signal });
    if (use === null) return null;
    const atMs = deps.clock.monotonicMs();
    const fresh: Sample = { ...use, incarnation: vm.incarnation, atMs, idleSinceMs: atMs, mostPercent: 0 };
    const before = samples.get(vm.id);
    // The first of a machine, also of one that was woken: its VMM is another one.
    if (before === undefined || before.incarnation !== vm.incarnation || use.cpuMs < before.cpuMs) return fresh;
    const percent = (100 * (use.cpuMs - before.cpuMs)) / Math.max(1, atMs - before.atMs);
    const isBusy =
      percent >= settings.cpuBelowPercent ||
      use.networkBytes !== before.networkBytes ||
      deps.activity.isBusySince(vm.id, before.atMs) ||
      // A workload runs all the time; what it does shows in the processors.
      (await deps.store.executions.listActive({ vmId: vm.id })).some(({ isWorkload }) => !isWorkload);
    if (isBusy) return fresh;
    return { ...fresh, idleSinceMs: before.idleSinceMs, mostPercent: Math.max(before.mostPercent, percent) };
  }

  async function lookAt(vm: Vm, settings: AutoSuspend, signal: AbortSignal): Promise<void> {
    const sample = await measure(vm, settings, signal);
    if (sample === null) return void samples.delete(vm.id);
    samples.set(vm.id, sample);
    const idleMs = sample.atMs - sample.idleSinceMs;
    if (idleMs < settings.idleSeconds * 1000) return;
    // Whatever comes of it, it is counted from the beginning.
    samples.delete(vm.id);
    const message = `Idle for ${Math.floor(idleMs / 1000)} s: ${describe(sample, settings)}.`;
    await suspendVm(deps, SYSTEM, vm.id, { revision: vm.revision, why: { reason: 'idle', message } });
    deps.log.info('an idle VM is suspended', { vmId: vm.id, idleMs, mostPercent: sample.mostPercent });
  }

  return {
    async look(signal) {
      const seen = new Set<Vm['id']>();
      for (const vm of await watched()) {
        const { autoSuspend } = vm.spec;
        if (autoSuspend === null || signal.aborted) continue;
        seen.add(vm.id);
        await lookAt(vm, autoSuspend, signal).catch((error: unknown) => {
          if (!signal.aborted) deps.log.warn('an idle VM could not be suspended', { vmId: vm.id, error });
        });
      }
      for (const id of samples.keys()) if (!seen.has(id)) samples.delete(id);
    },
  };
}

function describe({ mostPercent, networkBytes }: Sample, { cpuBelowPercent }: AutoSuspend): string {
  const network = networkBytes === null ? 'network traffic not measured' : 'no network traffic';
  return `no commands, no streams, ${network}, at most ${mostPercent.toFixed(1)} % of a processor (below ${cpuBelowPercent} %)`;
}
