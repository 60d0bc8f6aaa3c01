/**
 * What somebody can set of a VM, as one document in the words of the API: by these, changes are named, and what its machine lacks.
 */
import { alertWords } from '../alert/vm-alerts.ts';
import type { JsonObject } from '../json.ts';
import { networkOf } from '../network/vm-network.ts';
import { networkWords } from '../network/words.ts';
import { toolText } from '../tool/tool.ts';
import { actionWords, healthCheckWords, openapiWords, workloadWords } from '../workload/words.ts';
import type { Workload } from '../workload/workload.ts';
import { diskWords } from './disk-words.ts';
import { growTowards, sizeOfSpec } from './machine-shape.ts';
import type { VmSpec } from './spec.ts';
import { type Changes, diffOf, isSameJson } from './spec-diff.ts';
import type { Vm } from './vm.ts';

/** All that the history of a VM knows of it. */
export type VmSettings = Pick<Vm, 'name' | 'labels' | 'metadata' | 'secrets' | 'spec' | 'expiry'>;

export function settingsOf({ name, labels, metadata, secrets, spec, expiry }: VmSettings): VmSettings {
  return { name, labels, metadata, secrets, spec, expiry };
}

/** The document, of which the API shows every word. */
export function configOf(settings: VmSettings) {
  const { name, labels, metadata, secrets, spec, expiry } = settings;
  return {
    name,
    ...specWords(spec),
    labels,
    metadata,
    secrets: secrets.map((grant) => ({
      name: grant.name,
      env: grant.env,
      file: grant.file?.path ?? null,
      mode: grant.file === null ? null : grant.file.mode.toString(8).padStart(4, '0'),
    })),
    expires_at: expiry === null ? null : new Date(expiry.at).toISOString(),
  } satisfies JsonObject;
}

function specWords(spec: VmSpec) {
  const { image, vcpuCount, memoryMib, diskGib, network, restartPolicy, autoSuspend, autoWake, ...rest } = spec;
  const { template, tools, environment, workload, healthCheck, openapi, actions, cloudInit, disks, alerts, ...others } =
    rest;
  // A field that has no words here does not compile.
  others satisfies Record<string, never>;
  return {
    image,
    vcpus: vcpuCount,
    memory_mib: memoryMib,
    disk_gib: diskGib,
    network: { ...networkWords(network) },
    restart_policy: restartPolicy,
    auto_suspend:
      autoSuspend === null
        ? null
        : { idle_seconds: autoSuspend.idleSeconds, cpu_below_percent: autoSuspend.cpuBelowPercent },
    auto_wake: autoWake,
    alerts: alertWords(alerts),
    template: template === null ? null : { name: template.name, version: template.version },
    tools: tools.map(toolText),
    environment,
    workload: workloadWords(workload),
    health_check: healthCheckWords(healthCheck),
    openapi: openapiWords(openapi),
    actions: actionWords(actions),
    disks: disks.map(diskWords),
    cloud_init:
      cloudInit === null
        ? null
        : { user_data: cloudInit.userData, meta_data: cloudInit.metaData, network_config: cloudInit.networkConfig },
  };
}

/** What its machine is of its spec, where that has been changed since; without a machine, the spec. */
export function presentSpec({ spec, machine }: Pick<Vm, 'spec' | 'machine'>): VmSpec {
  if (machine === null) return spec;
  const { vcpuCount, memoryMib, diskGib, networkMode } = machine;
  const network = spec.network.mode === networkMode ? spec.network : networkOf({ mode: networkMode });
  const present = { ...spec, vcpuCount, memoryMib, diskGib, network };
  if (isSameWorkload(machine.workload, spec.workload)) return present;
  // How to ask something else is nothing to what runs.
  return { ...present, workload: machine.workload, healthCheck: machine.healthCheck };
}

function isSameWorkload(one: Workload | null, other: Workload | null): boolean {
  return one === other || isSameJson(workloadWords(one), workloadWords(other));
}

/** What is set and its machine does not have: what that has is `old`. Empty without a machine, as all is there at the next start. */
export function pendingChanges({ name, spec, machine }: Pick<Vm, 'name' | 'spec' | 'machine'>): Changes {
  if (machine === null) return {};
  const present = presentSpec({ spec, machine });
  return diffOf({ name: machine.name, ...specWords(present) }, { name, ...specWords(spec) });
}

/**
 * Whether a restart is what it takes to have all that is set. What a machine can be given while it runs is given to it at once, or when it
 * goes on: where a running one lacks it all the same, that has failed.
 */
export function needsRestart(vm: Pick<Vm, 'name' | 'spec' | 'machine' | 'status'>): boolean {
  const { spec, machine, status } = vm;
  if (machine === null) return false;
  const grown = status.phase === 'running' ? machine : { ...machine, ...growTowards(machine, sizeOfSpec(spec)) };
  return Object.keys(pendingChanges({ ...vm, machine: grown })).length > 0;
}
