/**
 * Suspends VMs that have had nothing to do for as long as their settings say. What is looked at is all that can be measured from
 * outside: commands that run, files and consoles that somebody reads, the processor time of the VMM, and the bytes that it has sent to its networks,
 * as its agent last told or its host has counted. Each server begins to count anew.
 */

import type { Reading, Teller } from '../../domain/metrics/stretch.ts';
import { SYSTEM } from '../../domain/principal/principal.ts';
import type { AutoSuspend } from '../../domain/vm/auto-suspend.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { MachineUse } from '../../ports/driver.ts';
import type { EngineDeps } from '../deps.ts';
import type { Sampler } from '../metrics/sampler.ts';
import type { OperationDeps } from '../operations/request-change.ts';
import { suspendVm } from '../operations/suspend-vm.ts';
import { everyVm } from '../queries/every-vm.ts';
import type { Activity } from '../sessions/activity.ts';

type IdleDeps = OperationDeps &
  Pick<EngineDeps, 'log'> & { readonly activity: Activity; readonly sampler: Pick<Sampler, 'latest'> };

/** What a guest sends between two looks though nobody wants anything of it, bytes: answers to who it is, not to what it has. */
const NETWORK_NOISE_BYTES = 512;

/** What a guest has sent, by a count of one beginning. */
interface Sent {
  readonly teller: Teller;
  readonly bytes: number;
}

/** What was measured of one machine at one look. */
interface Sample extends MachineUse {
  readonly incarnation: number;
  /** By whoever tells of it; null: nobody does. */
  readonly sent: Sent | null;
  readonly atMs: number;
  /** Since when it has had nothing to do. */
  readonly idleSinceMs: number;
  /** The most that its processors took in a look since then, percent of one. */
  readonly mostPercent: number;
}

interface Look {
  readonly signal: AbortSignal;
  /** What was measured of all VMs. */
  readonly latest: ReturnType<Sampler['latest']>;
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

  async function measure(vm: Vm, settings: AutoSuspend, { signal, latest }: Look): Promise<Sample | null> {
    const use = await deps.drivers.of(vm).measureMachine(vm.id, { signal });
    if (use === null) return null;
    const atMs = deps.clock.monotonicMs();
    const told = sentBy(latest.get(vm.id)?.reading);
    const known = samples.get(vm.id);
    // The first of a machine, also of one that was woken: its VMM is another one.
    const before = known?.incarnation === vm.incarnation && use.cpuMs >= known.cpuMs ? known : undefined;
    const sent = told ?? before?.sent ?? null;
    const fresh: Sample = { ...use, sent, incarnation: vm.incarnation, atMs, idleSinceMs: atMs, mostPercent: 0 };
    if (before === undefined) return fresh;
    const percent = (100 * (use.cpuMs - before.cpuMs)) / Math.max(1, atMs - before.atMs);
    const isBusy =
      percent >= settings.cpuBelowPercent ||
      hasSent(before.sent, sent) ||
      deps.activity.isBusySince(vm.id, before.atMs) ||
      // A workload runs all the time; what it does shows in the processors.
      (await deps.store.executions.listActive({ vmId: vm.id })).some(({ isWorkload }) => !isWorkload);
    if (isBusy) return fresh;
    return { ...fresh, idleSinceMs: before.idleSinceMs, mostPercent: Math.max(before.mostPercent, percent) };
  }

  async function lookAt(vm: Vm, settings: AutoSuspend, look: Look): Promise<void> {
    const sample = await measure(vm, settings, look);
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
      const latest = deps.sampler.latest();
      const seen = new Set<Vm['id']>();
      for (const vm of await watched()) {
        const { autoSuspend } = vm.spec;
        if (autoSuspend === null || signal.aborted) continue;
        seen.add(vm.id);
        await lookAt(vm, autoSuspend, { signal, latest }).catch((error: unknown) => {
          if (!signal.aborted) deps.log.warn('an idle VM could not be suspended', { vmId: vm.id, error });
        });
      }
      for (const id of samples.keys()) if (!seen.has(id)) samples.delete(id);
    },
  };
}

function sentBy(reading: Reading | undefined): Sent | null {
  const bytes = reading?.figures.networkSentBytes ?? null;
  return reading === undefined || bytes === null ? null : { teller: reading.teller, bytes };
}

/** Counters that go back are those of a device that has gone, or of another life; those of another teller say nothing. */
function hasSent(before: Sent | null, after: Sent | null): boolean {
  if (before === null || after === null || before.teller !== after.teller) return false;
  return after.bytes < before.bytes || after.bytes - before.bytes > NETWORK_NOISE_BYTES;
}

function describe({ mostPercent, sent }: Sample, { cpuBelowPercent }: AutoSuspend): string {
  const network = sent === null ? 'network traffic not measured' : 'no network traffic';
  return `no commands, no streams, ${network}, at most ${mostPercent.toFixed(1)} % of a processor (below ${cpuBelowPercent} %)`;
}
