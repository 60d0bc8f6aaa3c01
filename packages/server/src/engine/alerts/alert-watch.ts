/**
 * Watches what VMs use and how they are, and says when it is too much for too long, once, and when it is over.
 *
 *   figure -> rule (pure) -> fires or is resolved: row, event, line of the log
 *
 * What fires is stored, so that the next server goes on with it; since when a figure has been too high is not, and begins anew. A gap decides
 * nothing. That a VM does not run any more resolves what was wrong with it.
 */
import { ALERT_KINDS, type Alert, type AlertKind, type AlertSettings } from '../../domain/alert/alert.ts';
import { type AlertProgress, afterFigure, FIRING, QUIET, ruleOf } from '../../domain/alert/decide-alert.ts';
import { settingsFor } from '../../domain/alert/vm-alerts.ts';
import type { VmId } from '../../domain/ids.ts';
import type { Stretch } from '../../domain/metrics/stretch.ts';
import type { VmPhase } from '../../domain/vm/phase.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { EngineDeps } from '../deps.ts';
import type { Sampler } from '../metrics/sampler.ts';
import { everyVm } from '../queries/every-vm.ts';
import { alertEvent, figureOf, messageOf } from './alert-words.ts';

type AlertDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'turns' | 'ids' | 'log'> & {
  readonly sampler: Pick<Sampler, 'latest'>;
  readonly settings: AlertSettings;
};

/** What a figure was, and what it should have been below. */
interface Crossing {
  readonly fireAt: number;
  readonly figure: number;
}

export interface AlertWatch {
  /** Looks at all VMs that run. To be called every few seconds. */
  look(signal: AbortSignal): Promise<void>;
}

/** Phases in which nothing that was wrong with a VM can be so any more. */
const AT_REST: ReadonlySet<VmPhase> = new Set(['stopped', 'suspended', 'paused', 'failed', 'deleting']);

export function createAlertWatch(deps: AlertDeps): AlertWatch {
  const { store, bus, clock, turns, ids, log, sampler, settings } = deps;
  /** What fires; null until it was read. */
  let firing: Map<string, Alert> | null = null;
  /** Of what calls for a change. */
  const progress = new Map<string, AlertProgress & { readonly vmId: VmId }>();

  async function fire(vm: Vm, kind: AlertKind, { fireAt, figure }: Crossing): Promise<Alert> {
    const at = clock.now();
    const alert: Alert = {
      ...{ id: ids.create('alert'), kind, vmId: vm.id, vmName: vm.name, owner: vm.owner, state: 'firing' },
      threshold: kind === 'health' ? null : fireAt,
      value: kind === 'health' ? null : figure,
      message: messageOf(kind, vm, figure),
      ...{ firedAt: at, resolvedAt: null },
    };
    await store.transaction(async ({ alerts, events }) => {
      await alerts.insert(alert);
      await events.append([alertEvent('alert.fired', alert, alert.message, at)]);
    });
    bus.publish('events', '');
    log.warn('an alert fires', { alertId: alert.id, vmId: vm.id, vm: vm.name, kind, why: alert.message });
    return alert;
  }

  async function resolve(alert: Alert, why: string): Promise<void> {
    const at = clock.now();
    await store.transaction(async ({ alerts, events }) => {
      await alerts.resolve(alert.id, at);
      await events.append([alertEvent('alert.resolved', { ...alert, state: 'resolved' }, why, at)]);
    });
    bus.publish('events', '');
    log.info('an alert is resolved', { alertId: alert.id, vmId: alert.vmId, vm: alert.vmName, kind: alert.kind, why });
  }

  async function consider(
    known: Map<string, Alert>,
    { vm, kind, stretch }: { readonly vm: Vm; readonly kind: AlertKind; readonly stretch: Stretch | null },
  ): Promise<void> {
    const key = keyOf(vm.id, kind);
    const alert = known.get(key);
    const rule = ruleOf(kind, settingsFor(settings, vm.spec.alerts));
    if (rule === null) {
      if (alert !== undefined) await resolve(alert, 'It is not watched any more.');
      known.delete(key);
      progress.delete(key);
      return;
    }
    const before = progress.get(key) ?? (alert === undefined ? QUIET : FIRING);
    const value = figureOf(kind, vm, stretch);
    const after = afterFigure(rule, before, { value, atMs: clock.monotonicMs() });
    if (alert === undefined && after.isFiring && value !== null)
      known.set(key, await fire(vm, kind, { fireAt: rule.fireAt, figure: value }));
    if (alert !== undefined && !after.isFiring) {
      await resolve(alert, 'It has recovered.');
      known.delete(key);
    }
    if (after.sinceMs === null) progress.delete(key);
    else progress.set(key, { ...after, vmId: vm.id });
  }

  /** Of VMs that were not among those that run. */
  async function resolveOthers(known: Map<string, Alert>, seen: ReadonlySet<VmId>): Promise<void> {
    for (const [key, alert] of known) {
      if (seen.has(alert.vmId)) continue;
      const vm = await store.vms.get(alert.vmId);
      if (vm !== null && !AT_REST.has(vm.status.phase)) continue;
      await resolve(alert, vm === null ? 'The VM is gone.' : 'The VM does not run any more.');
      known.delete(key);
    }
    for (const [key, { vmId }] of progress) if (!seen.has(vmId)) progress.delete(key);
  }

  return {
    async look(signal) {
      firing ??= new Map((await store.alerts.listFiring()).map((alert) => [keyOf(alert.vmId, alert.kind), alert]));
      const latest = sampler.latest();
      const seen = new Set<VmId>();
      for await (const vm of everyVm(store, { phases: ['running'] })) {
        signal.throwIfAborted();
        await turns.share();
        seen.add(vm.id);
        const stretch = latest.get(vm.id)?.stretch ?? null;
        for (const kind of ALERT_KINDS) await consider(firing, { vm, kind, stretch });
      }
      await resolveOthers(firing, seen);
    },
  };
}

function keyOf(vmId: VmId, kind: AlertKind): string {
  return `${kind} ${vmId}`;
}
