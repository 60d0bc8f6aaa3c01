import { type HealthCheckRequest, TemplateManifest, type WorkloadRequest } from '@volary/contract';
import { networkOf, type VmNetwork } from '../../domain/network/vm-network.ts';
import type { AskedTemplate, AskedTemplateSpec as TemplateSpec } from '../../engine/apis/template-api.ts';
import { toCloudInitSpec } from '../v1/dto/cloud-init-dto.ts';
import { toWorkloadSpec } from '../v1/dto/workload-dto.ts';
import { createFaultFinder, invalidFields } from '../validation.ts';
import { BRIDGE_MODES, refusedFields } from './refusals.ts';
import { toDefinition, toDisk } from './root-disk.ts';

const findFaults = createFaultFinder(TemplateManifest);

/**
 * What a manifest asks for, in our own words: whichever of several names it uses for a thing, there is one for it from here on. Throws
 * `invalid_argument` request.invalid with all its faults, each by its path.
 */
export async function readManifest(manifest: unknown): Promise<AskedTemplate> {
  checkManifest(manifest);
  return await toNewTemplate(manifest);
}

/** Throws unless it is one, by the schema that its type is made from. */
function checkManifest(manifest: unknown): asserts manifest is TemplateManifest {
  // Refusals say more than the schema does of the same field.
  const refused = refusedFields(manifest);
  const paths = new Set(refused.map(({ field }) => field));
  const faults = [...refused, ...findFaults(manifest).filter(({ field }) => !paths.has(field))];
  if (faults.length > 0) throw invalidFields(faults);
}

async function toNewTemplate(manifest: TemplateManifest): Promise<AskedTemplate> {
  const { name, version, description = '', enabled = true, runtime, tools = [], labels = {} } = manifest;
  return {
    ...{ name, version, description },
    isEnabled: enabled,
    content: {
      spec: { ...machineOf(manifest), ...workloadOf(manifest), ...(await cloudInitOf(manifest)) },
      image: toDefinition(manifest),
      tools,
      labels: { ...(runtime === undefined ? {} : { runtime }), ...labels },
    },
  };
}

function machineOf({ image, resources = {}, disks, network }: TemplateManifest): TemplateSpec {
  const vcpuCount = resources.vcpus ?? resources.vcpu ?? resources.cpu_cores;
  const memoryMib = resources.memory_mib ?? resources.memory_mb;
  const diskGib = resources.disk_gib ?? resources.disk_gb;
  return {
    ...(typeof image === 'string' ? { image } : {}),
    ...(vcpuCount === undefined ? {} : { vcpuCount }),
    ...(memoryMib === undefined ? {} : { memoryMib }),
    ...(diskGib === undefined ? {} : { diskGib }),
    ...(disks === undefined ? {} : { disks: disks.map(toDisk) }),
    ...(network === undefined ? {} : { network: toNetwork(network) }),
  };
}

function toNetwork({ mode, name, egress }: NonNullable<TemplateManifest['network']>): VmNetwork {
  const named = { ...(name === undefined ? {} : { name }), ...(egress === undefined ? {} : { egress }) };
  if (BRIDGE_MODES.includes(mode)) return networkOf({ mode: 'bridge', ...named });
  // Over vsock alone a guest has no interface: as ours has none.
  return { mode: mode === 'user' ? 'user' : 'none', egress: 'deny' };
}

async function cloudInitOf({ cloud_init }: TemplateManifest): Promise<TemplateSpec> {
  if (cloud_init === undefined) return {};
  if (cloud_init === null) return { cloudInit: null };
  const { user_data, meta_data, network_config } = cloud_init;
  const texts = { user_data: textOf(user_data), meta_data: textOf(meta_data), network_config: textOf(network_config) };
  return await toCloudInitSpec({ cloud_init: texts });
}

function textOf(document: NonNullable<TemplateManifest['cloud_init']>['user_data']): string | null {
  return typeof document === 'string' ? document : (document?.content ?? null);
}

function workloadOf({ environment, workload, health_check, openapi, actions }: TemplateManifest): TemplateSpec {
  return toWorkloadSpec({
    ...(environment === undefined ? {} : { environment }),
    ...(workload === undefined ? {} : { workload: workload === null ? null : toWorkload(workload) }),
    ...(health_check === undefined ? {} : { health_check: health_check === null ? null : toHealthCheck(health_check) }),
    ...(openapi === undefined ? {} : { openapi }),
    ...(actions === undefined ? {} : { actions }),
  });
}

function toWorkload({ env, workdir, ...same }: NonNullable<TemplateManifest['workload']>): WorkloadRequest {
  return {
    ...same,
    ...(env === undefined ? {} : { environment: env }),
    ...(workdir === undefined ? {} : { working_dir: workdir }),
  };
}

function toHealthCheck({
  type = 'http',
  endpoint,
  retries,
  ...same
}: NonNullable<TemplateManifest['health_check']>): HealthCheckRequest {
  return {
    type,
    ...same,
    ...(endpoint === undefined ? {} : placeOf(endpoint)),
    ...(retries === undefined ? {} : { unhealthy_threshold: retries }),
  };
}

/** `/health`, or `http://127.0.0.1:8080/health`. */
function placeOf(endpoint: string): Pick<HealthCheckRequest, 'port' | 'path'> {
  if (endpoint.startsWith('/')) return { path: endpoint };
  const { port, pathname, search } = new URL(endpoint);
  return { port: port === '' ? 80 : Number(port), path: `${pathname}${search}` };
}
