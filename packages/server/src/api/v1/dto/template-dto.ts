import type { Template as TemplateDto, TemplateEntry as TemplateEntryDto } from '@volary/contract';
import { networkWords } from '../../../domain/network/words.ts';
import { diskWords } from '../../../domain/vm/disk-words.ts';
import { actionWords, healthCheckWords, openapiWords, workloadWords } from '../../../domain/workload/words.ts';
import type { MeasuredTemplate, TemplateEntry } from '../../../engine/apis/template-api.ts';
import { toCloudInitDto } from './cloud-init-dto.ts';
import { toIso, toIsoOrNull } from './to-iso.ts';

/** A version of a template as `/v1` shows it, in the words that it has for VMs. */
export function toTemplateDto(template: MeasuredTemplate): TemplateDto {
  const { spec, tools, labels } = template.content;
  return {
    id: template.id,
    name: template.name,
    version: template.version,
    description: template.description,
    is_enabled: template.isEnabled,
    is_built_in: template.isBuiltIn,
    image: spec.image,
    brings_image: template.content.image !== null,
    vcpus: spec.vcpuCount,
    memory_mib: spec.memoryMib,
    disk_gib: spec.diskGib,
    disks: spec.disks.map(diskWords),
    network: networkWords(spec.network),
    tools: [...tools],
    environment: spec.environment,
    workload: workloadWords(spec.workload),
    health_check: healthCheckWords(spec.healthCheck),
    cloud_init: toCloudInitDto(spec.cloudInit),
    openapi: openapiWords(spec.openapi),
    actions: actionWords(spec.actions),
    labels,
    size_bytes: template.sizeBytes,
    last_used_at: toIsoOrNull(template.lastUsedAt),
    owner: template.owner,
    revision: template.revision,
    created_at: toIso(template.createdAt),
    updated_at: toIso(template.updatedAt),
  };
}

/** A template with its versions. */
export function toTemplateEntryDto({ name, versions }: TemplateEntry): TemplateEntryDto {
  return { name, newest: toTemplateDto(versions[0]), versions: versions.map(({ version }) => version) };
}
