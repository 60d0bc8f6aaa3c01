import { VolaryError } from '../../domain/errors.ts';
import { checkAll } from '../../domain/faults.ts';
import { type Expiry, expiryOf } from '../../domain/vm/expiry.ts';
import { mergePatch } from '../../domain/vm/merge-patch.ts';
import { settingsOf, type VmSettings } from '../../domain/vm/settings.ts';
import { checkMetadata, checkVmName, specChecks, type VmSpec } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Driver } from '../../ports/driver.ts';
import { checkLabels } from '../operations/new-vm.ts';
import type { UpdateVmRequest } from './config-api.ts';
import { requireNetworkMode } from './require-network-mode.ts';

/** What the VM's settings become, but for its secrets, which are to be looked up. Throws `invalid_argument` vm.invalid_expiry. */
export function mergeSettings(vm: Vm, request: UpdateVmRequest, now: number): VmSettings {
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

function expiryFrom(lifetime: NonNullable<UpdateVmRequest['lifetime']> | null, now: number): Expiry | null {
  return lifetime === null ? null : expiryOf(lifetime, now);
}

function mergeSpec(
  spec: VmSpec,
  { spec: given = {}, environment = {}, autoSuspend, autoWake }: UpdateVmRequest,
): VmSpec {
  const { network, ...others } = given;
  return {
    ...spec,
    ...others,
    network: { ...spec.network, ...network },
    environment: mergeTexts(spec.environment, environment),
    autoSuspend: autoSuspend === undefined ? spec.autoSuspend : autoSuspend,
    autoWake: autoWake ?? spec.autoWake,
  };
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
  driver: Pick<Driver, 'kind' | 'capabilities'>,
  before: VmSettings,
  { name, labels, metadata, spec }: VmSettings,
): void {
  checkAll([
    () => checkVmName(name),
    ...specChecks(spec),
    () => {
      if (spec.diskGib < before.spec.diskGib) throw cannotShrink(before.spec.diskGib, spec.diskGib);
    },
    () => checkLabels(labels),
    () => checkMetadata(metadata, new TextEncoder().encode(JSON.stringify(metadata)).length),
  ]);
  requireNetworkMode(driver, spec);
}

function cannotShrink(minimum: number, actual: number): VolaryError {
  return new VolaryError('invalid_argument', `disk_gib must be at least ${minimum}: a disk only grows.`, {
    reason: 'vm.disk_cannot_shrink',
    details: { field: 'disk_gib', minimum, actual },
  });
}
