import type { WarmTemplate as WarmTemplateDto } from '@volary/contract';
import type { WarmTemplateEntry } from '../../../engine/apis/warm-template-api.ts';
import { toIso } from './to-iso.ts';

const MOST_USERS = 10;

/** A warm template as `/v1` shows it. */
export function toWarmTemplateDto(template: WarmTemplateEntry): WarmTemplateDto {
  const { usedBy, whyUnusable } = template;
  return {
    key: template.key,
    image: template.image,
    image_digest: template.imageDigest,
    vcpus: template.vcpuCount,
    memory_mib: template.memoryMib,
    disk_gib: template.diskBytes / 1024 ** 3,
    network_mode: template.networkMode,
    size_bytes: template.sizeBytes,
    halted_ms: template.haltedMs,
    is_usable: whyUnusable === null,
    unusable_because: whyUnusable,
    spare_count: template.spareCount,
    used_by: usedBy.slice(0, MOST_USERS).map((user) => ({ ...user })),
    user_count: usedBy.length,
    created_at: toIso(template.createdAt),
    last_used_at: toIso(template.usedAt),
  };
}
