import { TEMPLATE_STATES, type Template, type TemplateContent } from '../../../../domain/template/template.ts';
import type { TemplateRow } from '../rows/template-row.ts';
import { readRow } from './damaged-row.ts';
import { readDefinition } from './image-codec.ts';
import { readNetwork } from './network-column.ts';
import * as read from './read-value.ts';
import { readStoredSpec } from './spec-column.ts';

/** A version of a template as a row. */
export function encodeTemplate(template: Template): TemplateRow {
  return {
    id: template.id,
    name: template.name,
    version: template.version,
    description: template.description,
    content: JSON.stringify(template.content),
    state: template.state,
    operation_id: template.operationId,
    is_enabled: template.isEnabled ? 1 : 0,
    is_built_in: template.isBuiltIn ? 1 : 0,
    owner: template.owner,
    created_at: template.createdAt,
    updated_at: template.updatedAt,
    last_used_at: template.lastUsedAt,
    revision: template.revision,
  };
}

/** The version in a row. Throws `data_loss` store.damaged. */
export function decodeTemplate(row: TemplateRow): Template {
  return readRow({ what: 'template', id: row.id }, () => ({
    id: read.id('tpl')(row.id, 'id'),
    name: read.text(row.name, 'name'),
    version: read.text(row.version, 'version'),
    description: read.text(row.description, 'description'),
    content: content(row.content, 'content'),
    state: state(row.state, 'state'),
    operationId: read.nullable(read.id('op'))(row.operation_id, 'operation_id'),
    isEnabled: read.flag(row.is_enabled, 'is_enabled'),
    isBuiltIn: read.flag(row.is_built_in, 'is_built_in'),
    owner: read.text(row.owner, 'owner'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
    lastUsedAt: read.nullable(read.number)(row.last_used_at, 'last_used_at'),
    revision: read.count(row.revision, 'revision'),
  }));
}

const state = read.oneOf(TEMPLATE_STATES);
const texts = read.list(read.text);
const labels = read.record(read.text);
const definition = read.nullable(readDefinition);

const content = read.json((value, field): TemplateContent => {
  const stored = read.object(value, field);
  const { template, tools, ...spec } = readStoredSpec(stored['spec'], `${field}.spec`);
  const machine = read.object(stored['spec'], `${field}.spec`);
  return {
    spec: {
      image: read.text(machine['image'], `${field}.spec.image`),
      vcpuCount: read.count(machine['vcpuCount'], `${field}.spec.vcpuCount`),
      memoryMib: read.count(machine['memoryMib'], `${field}.spec.memoryMib`),
      diskGib: read.count(machine['diskGib'], `${field}.spec.diskGib`),
      network: readNetwork(machine['network'], `${field}.spec.network`),
      ...spec,
    },
    image: definition(stored['image'] ?? null, `${field}.image`),
    tools: texts(stored['tools'], `${field}.tools`),
    labels: labels(stored['labels'], `${field}.labels`),
  };
});
