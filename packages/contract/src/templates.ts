import { type Static, Type } from 'typebox';
import { CloudInit } from './cloud-init.ts';
import { ExtraDisk } from './extra-disks.ts';
import { HealthCheck } from './health-check.ts';
import { EXAMPLE_IDS, ImageName, TemplateId, TemplateName, TemplateRef, TemplateVersion } from './ids.ts';
import { LIMITS } from './limits.ts';
import { VmNetwork } from './networks.ts';
import { component, nullable, nullableTimestamp, object, pageOf, stringMap, timestamp } from './schema.ts';
import { ToolRequest } from './tools.ts';
import { OpenapiSource, VmActions } from './vm-actions.ts';
import { environmentMap, Workload } from './workload.ts';

const EXAMPLE_TEMPLATE = {
  id: EXAMPLE_IDS.template,
  name: 'web',
  version: '1.0.0',
  description: 'Serves the site',
  is_enabled: true,
  is_built_in: false,
  image: 'base',
  brings_image: false,
  vcpus: 2,
  memory_mib: 512,
  disk_gib: 8,
  disks: [],
  network: { mode: 'user', egress: 'deny' },
  tools: ['nodejs@20'],
  environment: { LOG_LEVEL: 'info' },
  workload: null,
  health_check: null,
  cloud_init: null,
  openapi: null,
  actions: {},
  labels: { team: 'blue' },
  size_bytes: 104_857_600,
  last_used_at: '2026-01-31T12:00:00.000Z',
  owner: 'admin',
  revision: 2,
  created_at: '2026-01-31T12:00:00.000Z',
  updated_at: '2026-01-31T12:00:00.000Z',
} as const;

export const Template = component(
  'Template',
  {
    id: TemplateId,
    name: TemplateName,
    version: TemplateVersion,
    description: Type.String({ description: 'For people.' }),
    is_enabled: Type.Boolean({ description: 'Whether VMs can be made from it.' }),
    is_built_in: Type.Boolean({ description: 'It came with Volary: it can be disabled, and not deleted.' }),
    image: ImageName,
    brings_image: Type.Boolean({ description: 'Whether the image came with the template, and goes with it.' }),
    vcpus: Type.Integer({ ...LIMITS.vcpus, description: 'Virtual CPUs.' }),
    memory_mib: Type.Integer({ ...LIMITS.memoryMib, description: 'Memory, MiB.' }),
    disk_gib: Type.Integer({ ...LIMITS.diskGib, description: 'Virtual size of the root disk, GiB.' }),
    disks: Type.Array(ExtraDisk, { description: 'Disks besides the root.' }),
    network: VmNetwork,
    tools: Type.Array(ToolRequest, { description: 'As they were asked for; a VM has them in exact versions.' }),
    environment: environmentMap('Variables of each command, each shell and the workload.'),
    workload: nullable(Workload),
    health_check: nullable(HealthCheck),
    cloud_init: nullable(CloudInit),
    openapi: nullable(OpenapiSource),
    actions: VmActions,
    labels: stringMap({
      description: 'Labels of the VMs.',
      maxProperties: LIMITS.labels.count,
      keyLength: LIMITS.labels.keyLength,
      valueLength: LIMITS.labels.valueLength,
    }),
    size_bytes: Type.Integer({
      minimum: 0,
      description:
        "What that takes on the host's disk now which it brings: its own image, what its disks begin with, packs of the tools that its next VM would be given. What it shares with others counts for each; an image that is not its own, and warm templates, are not counted.",
    }),
    last_used_at: nullableTimestamp('When a VM was last made from it; null: never.'),
    owner: Type.String({ description: 'Who installed it.' }),
    revision: Type.Integer({ minimum: 1, description: 'Rises with each change of this record.' }),
    created_at: timestamp('When it was installed.'),
    updated_at: timestamp('When this record last changed.'),
  },
  {
    description:
      'One version of what VMs are made from: what each VM has of it, unless it is asked for with something else. It never changes but for whether it is enabled.',
    examples: [EXAMPLE_TEMPLATE],
  },
);
export type Template = Static<typeof Template>;

const EXAMPLE_ENTRY = { name: 'web', newest: EXAMPLE_TEMPLATE, versions: ['1.0.0', '0.9.0'] } as const;

export const TemplateEntry = component(
  'TemplateEntry',
  {
    name: TemplateName,
    newest: Template,
    versions: Type.Array(TemplateVersion, { description: 'All versions, newest first.' }),
  },
  { description: 'A template with its versions.', examples: [EXAMPLE_ENTRY] },
);
export type TemplateEntry = Static<typeof TemplateEntry>;

export const TemplatePage = pageOf('TemplatePage', TemplateEntry, EXAMPLE_ENTRY);
export type TemplatePage = Static<typeof TemplatePage>;

export const TemplateVersions = component(
  'TemplateVersions',
  { items: Type.Array(Template) },
  { description: 'Versions of one template, newest first.', examples: [{ items: [EXAMPLE_TEMPLATE] }] },
);
export type TemplateVersions = Static<typeof TemplateVersions>;

export const TemplateParams = object({ ref: TemplateRef }, { description: 'A template.' });
export const TemplateNameParams = object({ name: TemplateName }, { description: 'A template.' });
