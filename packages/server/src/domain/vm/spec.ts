import { checkVmAlerts, SERVERS_ALERTS, type VmAlerts } from '../alert/vm-alerts.ts';
import { VolaryError } from '../errors.ts';
import { checkAll } from '../faults.ts';
import { checkVmNetwork, type VmNetwork } from '../network/vm-network.ts';
import type { VmTool } from '../tool/tool.ts';
import { checkEnvironment } from '../workload/environment.ts';
import type { HealthCheck } from '../workload/health-check.ts';
import { checkInterface, type OpenapiSource, type WorkloadAction } from '../workload/interface.ts';
import type { Workload } from '../workload/workload.ts';
import { type AutoSuspend, checkAutoSuspend } from './auto-suspend.ts';
import { type CloudInit, checkCloudInit } from './cloud-init.ts';
import { checkExtraDisks, type ExtraDisk } from './extra-disk.ts';
import type { RestartPolicy } from './restarts.ts';

/** What was asked for. Changing it raises the VM's `generation`. */
export interface VmSpec {
  readonly image: string;
  readonly vcpuCount: number;
  readonly memoryMib: number;
  readonly diskGib: number;
  readonly network: VmNetwork;
  readonly restartPolicy: RestartPolicy;
  /** When it is suspended without being asked to; null: never. */
  readonly autoSuspend: AutoSuspend | null;
  /** Whether it is woken by whoever wants something of its guest. */
  readonly autoWake: boolean;
  /** From which figures on alerts about it fire. */
  readonly alerts: VmAlerts;
  /** What it was made from; null: from nothing but the request. What that is like by now changes nothing here. */
  readonly template: TemplateVersion | null;
  /** What its guest has besides its image, in exact versions. */
  readonly tools: readonly VmTool[];
  /** Variables of each command, each shell and the workload. */
  readonly environment: Readonly<Record<string, string>>;
  /** The program that its guest keeps running; null: none. */
  readonly workload: Workload | null;
  /** How it is found out whether it does its work; null: whether its agent answers is all. */
  readonly healthCheck: HealthCheck | null;
  /** Where the description of its workload's HTTP interface is. */
  readonly openapi: OpenapiSource | null;
  /** What its workload can be told to do, by name. */
  readonly actions: Readonly<Record<string, WorkloadAction>>;
  /** What cloud-init does in its guest; null: nothing was asked of it. */
  readonly cloudInit: CloudInit | null;
  /** Disks besides the root. */
  readonly disks: readonly ExtraDisk[];
}

/** One version of a template. */
export interface TemplateVersion {
  readonly name: string;
  readonly version: string;
}

/** Inclusive bounds of one VM. Memory below 128 MiB does not boot Debian's kernel with its initramfs. */
export const VM_LIMITS = {
  vcpuCount: { minimum: 1, maximum: 64 },
  memoryMib: { minimum: 128, maximum: 1_048_576 },
  diskGib: { minimum: 1, maximum: 16_384 },
} as const;

export const VM_DEFAULTS = {
  image: 'base',
  vcpuCount: 1,
  memoryMib: 256,
  diskGib: 8,
  restartPolicy: 'never',
  autoSuspend: null,
  autoWake: true,
  alerts: SERVERS_ALERTS,
  template: null,
  tools: [],
  environment: {},
  workload: null,
  healthCheck: null,
  openapi: null,
  actions: {},
  cloudInit: null,
  disks: [],
} as const;

/** One pattern for every face: a DNS label in lower case, 1 to 63 characters. */
export const VM_NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
const VM_NAME = new RegExp(VM_NAME_PATTERN);

export function isVmName(text: string): boolean {
  return VM_NAME.test(text);
}

/** Throws `invalid_argument` naming each field out of range and what is allowed. */
export function checkVmSpec(spec: VmSpec): void {
  checkAll(specChecks(spec));
}

/** The checks of `checkVmSpec`, one for each thing that may be wrong. */
export function specChecks(spec: VmSpec): readonly (() => void)[] {
  const { vcpuCount, memoryMib, diskGib, autoSuspend, environment, workload, cloudInit } = spec;
  return [
    () => checkRange('vcpus', vcpuCount, VM_LIMITS.vcpuCount),
    () => checkRange('memory_mib', memoryMib, VM_LIMITS.memoryMib),
    () => checkRange('disk_gib', diskGib, VM_LIMITS.diskGib),
    () => {
      if (autoSuspend !== null) checkAutoSuspend(autoSuspend);
    },
    () => checkVmAlerts(spec.alerts),
    () => checkVmNetwork(spec.network),
    () => checkEnvironment(environment),
    () => {
      // What it is given besides goes to it together with these.
      if (workload !== null) checkEnvironment({ ...environment, ...workload.environment }, 'workload.environment');
    },
    () => checkInterface(spec, workload),
    () => {
      if (cloudInit !== null) checkCloudInit(cloudInit);
    },
    () => checkExtraDisks(spec.disks),
    ...spec.disks.map(
      ({ sizeGib }) =>
        () =>
          sizeGib === null || checkRange('disks', sizeGib, VM_LIMITS.diskGib),
    ),
  ];
}

/** Throws `invalid_argument` if the name is not one. */
export function checkVmName(name: string): void {
  if (isVmName(name)) return;
  throw new VolaryError(
    'invalid_argument',
    'A VM name has 1 to 63 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen.',
    { reason: 'vm.invalid_name', details: { field: 'name', pattern: VM_NAME_PATTERN } },
  );
}

function checkRange(field: string, value: number, range: { readonly minimum: number; readonly maximum: number }): void {
  if (Number.isInteger(value) && value >= range.minimum && value <= range.maximum) return;
  throw new VolaryError(
    'invalid_argument',
    `${field} must be a whole number from ${range.minimum} to ${range.maximum}.`,
    {
      reason: 'vm.out_of_range',
      details: { field, ...range, actual: value },
    },
  );
}
