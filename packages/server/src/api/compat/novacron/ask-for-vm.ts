import { networkOf, type VmNetwork } from '../../../domain/network/vm-network.ts';
import type { CreateVmRequest } from '../../../domain/vm/vm-request.ts';
import type { UpdateVmRequest } from '../../../engine/apis/config-api.ts';
import { invalidFields } from '../../validation.ts';
import { driversOf } from './translate.ts';
import type { CreateVm, UpdateVm } from './vm-schemas.ts';

const MIB_PER_GIB = 1_024;

/** What is asked for of the engine. Throws `invalid_argument` request.invalid for a cloud or a region that is not this one. */
export function toCreateRequest(body: CreateVm, region: string): CreateVmRequest {
  requireHere(body, region);
  const { name, template_id: template, hypervisor, metadata = {} } = body;
  return {
    name,
    ...(hypervisor === undefined ? {} : { driver: driversOf(hypervisor)[0] ?? hypervisor }),
    ...(template === undefined ? {} : { template }),
    spec: { ...toSize(body.resources), ...toNetwork(body.network) },
    labels: {},
    metadata,
    start: true,
    warmStart: 'auto',
  };
}

export function toUpdateRequest({ name, resources, metadata }: UpdateVm): UpdateVmRequest {
  return {
    ...(name === undefined ? {} : { name }),
    spec: toSize(resources),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function requireHere({ cloud_provider: cloud = 'onprem', region: asked = '' }: CreateVm, region: string): void {
  const faults = [
    ...(cloud === 'onprem'
      ? []
      : [{ field: 'cloud_provider', message: 'There is no such cloud here; there is: onprem' }]),
    ...(asked === '' || asked === region
      ? []
      : [{ field: 'region', message: `There is no such region here; there is: ${region}` }]),
  ];
  if (faults.length > 0) throw invalidFields(faults);
}

/** Throws `invalid_argument` request.invalid for memory that is no whole number of MiB. */
function toSize({ cpu, memory_gb: memoryGib, storage_gb: diskGib }: CreateVm['resources'] & object = {}) {
  const memoryMib = memoryGib === undefined ? undefined : memoryGib * MIB_PER_GIB;
  if (memoryMib !== undefined && !Number.isInteger(memoryMib))
    throw invalidFields([{ field: 'resources.memory_gb', message: 'must be a multiple of 1/1024' }]);
  return {
    ...(cpu === undefined ? {} : { vcpuCount: cpu }),
    ...(memoryMib === undefined ? {} : { memoryMib }),
    ...(diskGib === undefined ? {} : { diskGib }),
  };
}

function toNetwork(asked: CreateVm['network']): { readonly network?: VmNetwork } {
  if (asked === undefined) return {};
  const { vpc_id: vpc, subnet_id: subnet, security_groups: groups } = asked;
  const isJoined = vpc !== undefined || subnet !== undefined || (groups ?? []).length > 0;
  if (!isJoined) return {};
  return {
    network: networkOf({
      mode: 'bridge',
      ...(vpc === undefined ? {} : { name: without('vpc_', vpc) }),
      ...(subnet === undefined ? {} : { subnet: without('subnet_', subnet) }),
      ...(groups === undefined ? {} : { securityGroups: groups }),
    }),
  };
}

/** Networks and their parts go by their names here, and are shown with what they are before these. */
function without(prefix: string, text: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}
