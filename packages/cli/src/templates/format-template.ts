import type { Template, TemplateEntry } from '@volary/contract';
import { formatAge, formatBytes } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';

/** Templates as a table, a line each. */
export function formatEntries(entries: readonly TemplateEntry[]): string {
  return formatTable(
    ['NAME', 'NEWEST', 'VERSIONS', 'IMAGE', 'VCPUS', 'MEMORY', 'SIZE', 'LAST USED', 'STATE', 'OWNER', 'DESCRIPTION'],
    entries.map(({ name, newest, versions }) => [
      name,
      newest.version,
      String(versions.length),
      newest.image,
      String(newest.vcpus),
      `${newest.memory_mib} MiB`,
      formatBytes(newest.size_bytes),
      usedOf(newest),
      stateOf(newest),
      newest.is_built_in ? 'built in' : newest.owner,
      newest.description,
    ]),
  );
}

/** Versions of one template as a table, a line each. */
export function formatVersions(versions: readonly Template[]): string {
  return formatTable(
    ['VERSION', 'IMAGE', 'VCPUS', 'MEMORY', 'SIZE', 'LAST USED', 'STATE', 'OWNER', 'AGE'],
    versions.map((template) => [
      template.version,
      template.image,
      String(template.vcpus),
      `${template.memory_mib} MiB`,
      formatBytes(template.size_bytes),
      usedOf(template),
      stateOf(template),
      template.owner,
      formatAge(template.created_at),
    ]),
  );
}

/** All there is to say of a version, a line each. */
export function describeTemplate(template: Template): string {
  const fields: readonly (readonly [string, string])[] = [
    ['template', `${template.name}@${template.version}`],
    ['description', template.description],
    ['state', stateOf(template)],
    ['owner', template.is_built_in ? 'built in' : template.owner],
    ['image', template.brings_image ? `${template.image} (its own)` : template.image],
    ['vcpus', String(template.vcpus)],
    ['memory', `${template.memory_mib} MiB`],
    ['disk', `${template.disk_gib} GiB`],
    ['network', template.network.mode],
    ['tools', template.tools.join(' ')],
    ['disks', template.disks.map(diskText).join(' ')],
    ['environment', pairs(template.environment)],
    ['workload', workloadOf(template)],
    ['health check', template.health_check?.type ?? ''],
    ['cloud-init', template.cloud_init === null ? '' : 'yes'],
    ['actions', Object.keys(template.actions).join(' ')],
    ['labels', pairs(template.labels)],
    ['size', `${formatBytes(template.size_bytes)} on the host`],
    ['last used', template.last_used_at === null ? 'never' : `${formatAge(template.last_used_at)} ago`],
    ['installed', `${formatAge(template.created_at)} ago`],
  ];
  return formatFields(fields.map(([name, value]) => [name, value || '-']));
}

function workloadOf({ workload }: Template): string {
  if (workload === null) return '';
  const { type, port, entrypoint } = workload;
  const where = port === null ? type : `${type} at ${port}`;
  return entrypoint === null ? where : `${where}: ${entrypoint.join(' ').split('\n')[0]}`;
}

function stateOf({ is_enabled }: Template): string {
  return is_enabled ? 'enabled' : 'disabled';
}

/** As `image ls` says it. */
function usedOf({ last_used_at: usedAt }: Template): string {
  return usedAt === null ? '-' : formatAge(usedAt);
}

function pairs(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function diskText({ name, size_gib, readonly }: Template['disks'][number]): string {
  const size = size_gib === null ? 'as large as its content' : `${size_gib} GiB`;
  return `${name} (${size}${readonly ? ', read-only' : ''})`;
}
