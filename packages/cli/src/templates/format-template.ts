import type { Template, TemplateEntry } from '@volary/contract';
import { formatAge } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';

/** Templates as a table, a line each. */
export function formatEntries(entries: readonly TemplateEntry[]): string {
  return formatTable(
    ['NAME', 'NEWEST', 'VERSIONS', 'IMAGE', 'VCPUS', 'MEMORY', 'STATE', 'OWNER', 'DESCRIPTION'],
    entries.map(({ name, newest, versions }) => [
      name,
      newest.version,
      String(versions.length),
      newest.image,
      String(newest.vcpus),
      `${newest.memory_mib} MiB`,
      stateOf(newest),
      newest.is_built_in ? 'built in' : newest.owner,
      newest.description,
    ]),
  );
}

/** Versions of one template as a table, a line each. */
export function formatVersions(versions: readonly Template[]): string {
  return formatTable(
    ['VERSION', 'IMAGE', 'VCPUS', 'MEMORY', 'STATE', 'OWNER', 'AGE'],
    versions.map((template) => [
      template.version,
      template.image,
      String(template.vcpus),
      `${template.memory_mib} MiB`,
      stateOf(template),
      template.owner,
      formatAge(template.created_at),
    ]),
  );
}

/** All there is to say of a version, a line each. */
export function describeTemplate(template: Template): string {
  return formatFields([
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
    ['disks', template.disks.map(({ name, size_gib }) => `${name} (${size_gib} GiB)`).join(' ')],
    ['environment', pairs(template.environment)],
    ['workload', workloadOf(template)],
    ['labels', pairs(template.labels)],
    ['installed', `${formatAge(template.created_at)} ago`],
  ]);
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

function pairs(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
