import { VolaryError } from '../../domain/errors.ts';
import { checkAll } from '../../domain/faults.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import { networkOf } from '../../domain/network/vm-network.ts';
import { type Expiry, expiryOf } from '../../domain/vm/expiry.ts';
import { mergePatch } from '../../domain/vm/merge-patch.ts';
import { checkMetadata } from '../../domain/vm/metadata.ts';
import { settingsOf, type VmSettings } from '../../domain/vm/settings.ts';
import { checkVmName, specChecks, type VmSpec } from '../../domain/vm/spec.ts';
import { isSameJson } from '../../domain/vm/spec-diff.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { defaultHealthCheck } from '../../domain/workload/health-check.ts';
import { healthCheckWords } from '../../domain/workload/words.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Networks } from '../../ports/networks.ts';
import type { UpdateVmRequest } from '../apis/config-api.ts';
import { requireHostNetwork } from './require-host-network.ts';
import { requirePossible } from './require-possible.ts';

/** What is asked for, with all in it that had to be fetched for it. */
type SettingsPatch = Omit<UpdateVmRequest, 'spec'> & {
  readonly spec?: Omit<NonNullable<UpdateVmRequest['spec']>, 'openapi'> & Partial<Pick<VmSpec, 'openapi'>>;
};

/** What the VM's settings become, but for its secrets, which are to be looked up. Throws `invalid_argument` vm.invalid_expiry. */
export function mergeSettings(vm: Vm, request: SettingsPatch, now: number): VmSettings {
  const { name = vm.name, labels = {}, metadata = {}, lifetime } = request;
  return {
    ...settingsOf(vm),
    name,
    labels: mergeTexts(vm.labels, labels),
    metadata: mergePatch(vm.metadata, metadata),
    spec: mergeSpec(vm.spec, request),
    expiry: lifetime === undefined ? vm.expiry : expiryFrom(lifetime, now),
  };
}

function expiryFrom(lifetime: NonNullable<SettingsPatch['lifetime']> | null, now: number): Expiry | null {
  return lifetime === null ? null : expiryOf(lifetime, now);
}

function mergeSpec(spec: VmSpec, request: SettingsPatch): VmSpec {
  const { spec: given = {}, environment = {}, autoSuspend, autoWake, alerts = {} } = request;
  const { network, ...others } = given;
  return {
    ...spec,
    ...followingCheck(spec, given.workload),
    ...others,
    network: network === undefined ? spec.network : networkOf(network, spec.network),
    environment: mergeTexts(spec.environment, environment),
    autoSuspend: autoSuspend === undefined ? spec.autoSuspend : autoSuspend,
    autoWake: autoWake ?? spec.autoWake,
    alerts: { ...spec.alerts, ...alerts },
  };
}

/** The check that follows from what runs follows what is to run. */
function followingCheck({ workload, healthCheck }: VmSpec, next: VmSpec['workload'] | undefined): Partial<VmSpec> {
  if (next === undefined || workload === null) return {};
  const following = healthCheckWords(defaultHealthCheck(workload));
  if (!isSameJson(following, healthCheckWords(healthCheck))) return {};
  return { healthCheck: next === null ? null : defaultHealthCheck(next) };
}

/** Null removes one. */
function mergeTexts(
  present: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  const kept = Object.entries(present).filter(([name]) => !Object.hasOwn(given, name));
  const added = Object.entries(given).flatMap(([name, value]): [string, string][] =>
    value === null ? [] : [[name, value]],
  );
  return Object.fromEntries([...kept, ...added]);
}

/**
 * Checks settings as a whole against what they were, and tells of all faults at once. Throws `invalid_argument` vm.*, request.invalid,
 * `unsupported` driver.no_such_network_mode.
 */
export function checkSettings(
  { driver, networks }: { readonly driver: Driver; readonly networks: Networks },
  before: VmSettings,
  { name, labels, metadata, spec }: VmSettings,
): void {
  checkAll([
    () => checkVmName(name),
    ...specChecks(spec),
    () => {
      if (spec.diskGib < before.spec.diskGib) throw cannotShrink(before.spec.diskGib, spec.diskGib);
    },
    () => checkSameNetwork(before.spec, spec),
    () => checkLabels(labels),
    () => checkMetadata(metadata, new TextEncoder().encode(JSON.stringify(metadata)).length),
  ]);
  requirePossible(driver, spec);
  requireHostNetwork({ networks }, spec);
}

/** Its guest keeps the address that it was given as long as it is kept. */
function checkSameNetwork({ network: before }: VmSpec, { network: after }: VmSpec): void {
  const placeOf = (network: VmSpec['network']) =>
    network.mode === 'bridge' ? JSON.stringify([network.name, network.subnet]) : null;
  if (placeOf(before) === placeOf(after)) return;
  throw new VolaryError('invalid_argument', 'A VM stays on the network that it was made on, or on none.', {
    reason: 'vm.network_fixed',
    details: { field: 'network' },
  });
}

function cannotShrink(minimum: number, actual: number): VolaryError {
  return new VolaryError('invalid_argument', `disk_gib must be at least ${minimum}: a disk only grows.`, {
    reason: 'vm.disk_cannot_shrink',
    details: { field: 'disk_gib', minimum, actual },
  });
}
