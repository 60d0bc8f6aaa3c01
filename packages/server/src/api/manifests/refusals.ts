import type { FieldError } from '@volary/contract';
import { dictionary } from '../../lib/shape.ts';

/**
 * What a manifest may say and we cannot do, or that it says twice: each by its path, with the reason. Told together with what the schema finds, so that
 * whoever writes a manifest is told all at once; so nothing is taken for granted of the value.
 */
export function refusedFields(manifest: unknown): readonly FieldError[] {
  if (!dictionary(manifest)) return [];
  return [
    ...refusedNetwork(manifest['network']),
    ...refusedDevices(manifest['devices']),
    ...saidTwice(manifest, 'resources', ['vcpus', 'vcpu', 'cpu_cores']),
    ...saidTwice(manifest, 'resources', ['memory_mib', 'memory_mb']),
    ...saidTwice(manifest, 'resources', ['disk_gib', 'disk_gb']),
    ...saidTwice(manifest, 'workload', ['environment', 'env']),
    ...saidTwice(manifest, 'workload', ['working_dir', 'workdir']),
    ...saidTwice(manifest, 'health_check', ['path', 'endpoint']),
    ...saidTwice(manifest, 'health_check', ['unhealthy_threshold', 'retries']),
    ...refusedImage(manifest),
    ...refusedRuntime(manifest),
    ...refusedDisks(manifest['disks']),
    ...refusedDocuments(manifest['cloud_init']),
    ...refusedEndpoint(manifest['health_check']),
  ];
}

/** Words for a VM with an address of its own on a network of the installation's. */
export const BRIDGE_MODES: readonly string[] = ['bridge', 'bridged', 'dhcp'];
const MODES: readonly string[] = ['user', 'none', 'vsock', ...BRIDGE_MODES];
const OWN_ADDRESSES =
  'is refused: bridges and addresses are those of the installation; say which of its networks by `network.name`';

function refusedNetwork(network: unknown): readonly FieldError[] {
  if (!dictionary(network)) return [];
  const mode = network['mode'];
  const faults: FieldError[] = [];
  if (typeof mode === 'string' && !MODES.includes(mode))
    faults.push({ field: 'network.mode', message: 'is not known', allowed: MODES });
  for (const name of ['bridge_name', 'subnet', 'gateway'])
    if (network[name] !== undefined) faults.push({ field: `network.${name}`, message: OWN_ADDRESSES });
  if (network['auto_assign'] === false) faults.push({ field: 'network.auto_assign', message: OWN_ADDRESSES });
  if (typeof mode !== 'string' || BRIDGE_MODES.includes(mode)) return faults;
  for (const name of ['name', 'auto_assign'])
    if (network[name] !== undefined) faults.push({ field: `network.${name}`, message: 'goes with `mode: bridge`' });
  if (network['egress'] === 'allow')
    faults.push({ field: 'network.egress', message: 'is `deny` without `mode: bridge`', allowed: ['deny'] });
  return faults;
}

function refusedDevices(devices: unknown): readonly FieldError[] {
  if (!dictionary(devices)) return [];
  return ['pci_passthrough', 'allowlist'].flatMap((name) => {
    const listed = devices[name];
    if (!Array.isArray(listed) || listed.length === 0) return [];
    return [{ field: `devices.${name}`, message: 'is refused: no device of the host is handed to a VM' }];
  });
}

/** One root, and what goes with it. */
function refusedImage(manifest: Readonly<Record<string, unknown>>): readonly FieldError[] {
  const { image, rootfs, kernel } = manifest;
  const [boot, firmware] = dictionary(rootfs) ? [rootfs['boot'], rootfs['firmware']] : [];
  const faults: FieldError[] = [];
  if (image !== undefined && rootfs !== undefined)
    faults.push({ field: 'rootfs', message: 'is a root once more: give either `image` or `rootfs`' });
  for (const field of ['kernel', 'initramfs']) {
    if (manifest[field] === undefined) continue;
    if (rootfs === undefined) faults.push({ field, message: 'goes with a `rootfs`, which is the root of its guest' });
    else if (boot === 'firmware') faults.push({ field, message: 'is not what `boot: firmware` starts' });
    else if (field === 'initramfs' && kernel === undefined)
      faults.push({ field, message: 'goes with a `kernel` of its own: ours has an initramfs with our agent' });
  }
  if (firmware !== undefined && boot !== 'firmware')
    faults.push({ field: 'rootfs.firmware', message: 'goes with `boot: firmware`' });
  return faults;
}

/** It becomes the label of this name. */
function refusedRuntime({ runtime, labels }: Readonly<Record<string, unknown>>): readonly FieldError[] {
  if (runtime === undefined || !dictionary(labels) || labels['runtime'] === undefined) return [];
  return [{ field: 'labels.runtime', message: 'says once more what `runtime` says already' }];
}

/** A disk is empty and has a size, or begins with a source that is known by its bytes. */
function refusedDisks(disks: unknown): readonly FieldError[] {
  if (!Array.isArray(disks)) return [];
  const list: readonly unknown[] = disks;
  return list.flatMap((disk, index) => {
    if (!dictionary(disk)) return [];
    const faults: FieldError[] = [];
    const refuse = (name: string, message: string): unknown =>
      faults.push({ field: `disks[${index}].${name}`, message });
    if (disk['source'] === undefined) {
      for (const name of ['checksum', 'format'])
        if (disk[name] !== undefined) refuse(name, 'goes with a `source`: without one the disk is empty');
      if (disk['readonly'] === true) refuse('readonly', 'is refused: an empty disk would stay empty');
      if (disk['size_gib'] === undefined)
        refuse('size_gib', 'is missing, and the disk has no `source` to be as large as');
    } else {
      if (disk['checksum'] === undefined)
        refuse('checksum', 'is missing: nothing is taken that is not known by its bytes');
      if (disk['readonly'] === true && disk['size_gib'] !== undefined)
        refuse('size_gib', 'is refused: what is only read is as large as its `source`');
    }
    return faults;
  });
}

/** Whose file would it be? */
function refusedDocuments(cloudInit: unknown): readonly FieldError[] {
  if (!dictionary(cloudInit)) return [];
  return ['user_data', 'meta_data', 'network_config'].flatMap((name) => {
    const document = cloudInit[name];
    if (!dictionary(document) || document['path'] === undefined) return [];
    return [{ field: `cloud_init.${name}.path`, message: 'is refused: put the text into the manifest, as `content`' }];
  });
}

/** A check is made within the guest. */
function refusedEndpoint(check: unknown): readonly FieldError[] {
  const endpoint = dictionary(check) ? check['endpoint'] : undefined;
  if (typeof endpoint !== 'string' || !endpoint.startsWith('http://')) return [];
  const { hostname: host = '', port = '' } = URL.parse(endpoint) ?? {};
  if (port === '0') return [{ field: 'health_check.endpoint', message: 'names no port that can be asked' }];
  if (['localhost', '127.0.0.1', '[::1]', '0.0.0.0'].includes(host)) return [];
  return [{ field: 'health_check.endpoint', message: 'is within the guest: its host is localhost or 127.0.0.1' }];
}

/** Of names for one thing, one may be used. */
function saidTwice(
  manifest: Readonly<Record<string, unknown>>,
  parent: string,
  names: readonly string[],
): readonly FieldError[] {
  const within = manifest[parent];
  if (!dictionary(within)) return [];
  const [, second] = names.filter((name) => within[name] !== undefined);
  if (second === undefined) return [];
  return [
    {
      field: `${parent}.${second}`,
      message: `says once more what ${parent} says already: use one of ${names.join(', ')}`,
    },
  ];
}
